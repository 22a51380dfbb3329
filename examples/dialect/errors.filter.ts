import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../src/kernel/refusal.js';
import { answerOf } from './refusals.js';
import { errorOf } from './wire.js';

/** Answers errors in IonQ's form: `{"statusCode", "error", "message"}`. */
@Catch()
export class IonqErrorsFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const [status, message] = statusAndMessage(error);
    if (status >= 500)
      this.logger.error({ msg: 'A request failed', trace: http.getRequest<FastifyRequest>().id, error });
    void http.getResponse<FastifyReply>().status(status).send(errorOf(status, message));
  }
}

function statusAndMessage(error: unknown): [status: number, message: string] {
  if (error instanceof Refusal) {
    const [status, message] = answerOf(error);
    return [status, message];
  }
  if (!(error instanceof HttpException)) return [500, 'The service failed and stored nothing.'];
  const body = error.getResponse();
  const messages = typeof body === 'object' && 'message' in body ? body.message : error.message;
  return [error.getStatus(), [messages].flat().map(String).join(' ')];
}
