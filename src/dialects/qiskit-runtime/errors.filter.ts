import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../kernel/refusal.js';
import { diskFailureMessage, insufficientStorage } from '../full-disk.js';
import { NoRoute } from '../no-route.js';
import { answerTo } from '../refusals.js';
import { QiskitError, refusalKinds, type QiskitRefusal } from './refusal-kinds.js';
import { refusals } from './refusals.js';

const codeOfStatus: Readonly<Record<number, number>> = {
  400: 1002,
  401: 3407,
  403: 2409,
  404: 1008,
  405: 1008,
  413: 1001,
};

interface ApiError {
  readonly code: number;
  readonly message: string;
  readonly solution?: string;
}

/** Answers errors in IBM's form, `{errors: [{code, message, solution}], trace}`, which the client shows in full. */
@Catch()
export class QiskitErrorsFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const { status, errors } = this.explain(error, request);
    // Set the type again: a route that answers text has already set its own.
    void http
      .getResponse<FastifyReply>()
      .status(status)
      .type('application/json; charset=utf-8')
      .send({ errors, trace: request.id });
  }

  private explain(error: unknown, request: FastifyRequest): { status: number; errors: ApiError[] } {
    if (error instanceof QiskitError) return answerOf(error, request);
    if (error instanceof Refusal) return answerOf(answerTo(refusals, error), request);
    const status = statusOf(error);
    if (status < 500) {
      const code = codeOfStatus[status] ?? 1002;
      const solution = error instanceof NoRoute ? { solution: error.solution } : {};
      return { status, errors: messagesOf(error).map((message) => ({ code, message, ...solution })) };
    }
    this.logger.error({
      msg: `${request.method} ${request.url.split('?', 1)[0]} failed`,
      trace: request.id,
      error: stackOf(error),
    });
    const diskFailure = diskFailureMessage(error);
    if (diskFailure !== null)
      return { status: insufficientStorage, errors: [{ code: 1000, message: diskFailure }] };
    const message = 'The service failed and stored nothing. The request may be repeated.';
    return { status: 500, errors: [{ code: 1000, message }] };
  }
}

function answerOf({ kind, message, solution }: QiskitRefusal, { method, url }: FastifyRequest) {
  const [defaultStatus, code, onSubmit] = refusalKinds[kind] as readonly [number, number, number?];
  const submits = method === 'POST' && /\/(jobs|sessions)$/.test(url.split('?')[0] ?? '');
  return {
    status: submits ? (onSubmit ?? defaultStatus) : defaultStatus,
    errors: [{ code, message, ...(solution !== undefined && { solution }) }],
  };
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : 500;
  return Number.isInteger(status) && status >= 400 ? status : 500;
}

/** Returns the messages of an error. A validation error has one for each mistake. */
function messagesOf(error: unknown): string[] {
  const response = error instanceof HttpException ? error.getResponse() : undefined;
  const messages = typeof response === 'object' && 'message' in response ? response.message : undefined;
  if (Array.isArray(messages)) return messages.map(String);
  return [error instanceof Error ? error.message : String(error)];
}

const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
