import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../kernel/refusal.js';
import { diskFailureMessage, insufficientStorage } from '../full-disk.js';
import { NoRoute } from '../no-route.js';
import { answerTo } from '../refusals.js';
import { refusals } from './refusals.js';

/** Answers errors in Livy's form, `{"msg": "…"}`, which clients show to people. */
@Catch()
export class LivyErrorsFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const { status, msg } = this.explain(error, http.getRequest<FastifyRequest>());
    const reply = http.getResponse<FastifyReply>();
    if (status === 401) void reply.header('www-authenticate', 'Basic realm="Stint"');
    void reply.status(status).type('application/json; charset=utf-8').send({ msg });
  }

  private explain(error: unknown, request: FastifyRequest): { status: number; msg: string } {
    if (error instanceof Refusal) {
      const [status, msg] = answerTo(refusals, error);
      return { status, msg };
    }
    const status = statusOf(error);
    if (status < 500) return { status, msg: messageOf(error) };
    const stack = error instanceof Error ? error.stack : String(error);
    this.logger.error({
      msg: `${request.method} ${request.url.split('?', 1)[0]} failed`,
      trace: request.id,
      error: stack,
    });
    const diskFailure = diskFailureMessage(error);
    if (diskFailure !== null) return { status: insufficientStorage, msg: diskFailure };
    return { status: 500, msg: 'The service failed and stored nothing. The request may be repeated.' };
  }
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : 500;
  return Number.isInteger(status) && status >= 400 ? status : 500;
}

function messageOf(error: unknown): string {
  if (error instanceof NoRoute) return `${error.message} ${error.solution}`;
  const response = error instanceof HttpException ? error.getResponse() : undefined;
  const message = typeof response === 'object' && 'message' in response ? response.message : undefined;
  if (Array.isArray(message)) return message.map(String).join(' ');
  return error instanceof Error ? error.message : String(error);
}
