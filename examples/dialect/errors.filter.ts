import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../src/kernel/refusal.js';
import { answerOf } from './refusals.js';
import { errorOf } from './wire.js';

/** Errors as IonQ answers them: `{"statusCode", "error", "message"}`. */
@Catch()
export class IonqErrorsFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const [status, message] = explained(error);
    if (status >= 500)
      this.logger.error({ msg: 'A request failed', trace: http.getRequest<FastifyRequest>().id, error });
    void http.getResponse<FastifyReply>().status(status).send(errorOf(status, message));
  }
}

function explained(error: unknown): [status: number, message: string] {
  if (error instanceof Refusal) {
    const [status, message] = answerOf(error);
    return [status, message];
  }
  if (!(error instanceof HttpException)) return [500, 'The service failed and stored nothing.'];
  const said = error.getResponse();
  const messages = typeof said === 'object' && 'message' in said ? said.message : error.message;
  return [error.getStatus(), [messages].flat().map(String).join(' ')];
}
