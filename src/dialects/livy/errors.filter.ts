import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal, type RefusalCode } from '../../kernel/refusal.js';
import { diskTrouble, noRoom } from '../full-disk.js';
import { NoRoute } from '../no-route.js';
import { inLivysWords } from './words.js';

/** Each refusal as this dialect says it. Clients repeat what is 500 or more for half a minute, so none of these is. */
const said = {
  invalid_value: 400,
  limit_exceeded: 400,
  unknown_backend: 400,
  backend_exists: 409,
  backend_in_use: 409,
  unknown_program: 400,
  unknown_session: 404,
  unknown_job: 404,
  unknown_instance: 400,
  unknown_token: 404,
  instance_exists: 409,
  session_closed: 400,
  session_not_accepting: 400,
  session_elsewhere: 400,
  job_final: 409,
  job_not_final: 409,
  mode_not_allowed: 400,
  budget_reached: 409,
  // As Livy refuses more sessions than it is configured for.
  too_many_pending: 400,
  key_reused: 422,
  wrong_clock: 409,
  forbidden: 403,
  illegal_transition: 409,
} as const satisfies Record<RefusalCode, number>;

/** Errors in Livy's shape, `{"msg": "…"}`, which clients show to people. */
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
      const text = [error.message, error.solution].filter(Boolean).join(' ');
      const reason = error.code === 'session_closed' ? "requirement failed: Session isn't active. " : '';
      return { status: said[error.code], msg: reason + inLivysWords(text) };
    }
    const status = statusOf(error);
    if (status < 500) return { status, msg: messageOf(error) };
    const stack = error instanceof Error ? error.stack : String(error);
    this.logger.error({
      msg: `${request.method} ${request.url.split('?', 1)[0]} failed`,
      trace: request.id,
      error: stack,
    });
    const trouble = diskTrouble(error);
    if (trouble !== null) return { status: noRoom, msg: trouble };
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
