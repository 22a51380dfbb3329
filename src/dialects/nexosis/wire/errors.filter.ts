import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../../kernel/refusal.js';
import { diskFailureMessage, insufficientStorage } from '../../full-disk.js';
import { NoRoute } from '../../no-route.js';
import { answerTo } from '../../refusals.js';
import { NexosisError, nothingAtPath, type Details } from './errors.js';
import { refusals } from './refusals.js';

interface ErrorBody {
  readonly statusCode: number;
  readonly message: string;
  readonly errorType?: string;
  readonly errorDetails?: Details;
}

/** Answers with errors as clients read them: `{statusCode, message, errorType, errorDetails}`, always JSON. */
@Catch()
export class NexosisErrorsFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const body = this.explain(error, request);
    void reply.status(body.statusCode).type('application/json');
    // A failed HEAD request has no body either.
    void reply.send(request.method === 'HEAD' ? '' : body);
  }

  private explain(error: unknown, request: FastifyRequest): ErrorBody {
    if (error instanceof NoRoute) return this.explain(fromNoRoute(error), request);
    if (error instanceof NexosisError) {
      const { status: statusCode, message, type, details: errorDetails } = error;
      return { statusCode, message, ...(type !== null && { errorType: type }), errorDetails };
    }
    if (error instanceof Refusal) {
      const [statusCode, errorType, message] = answerTo(refusals, error);
      return { statusCode, message, errorType, errorDetails: {} };
    }
    const statusCode = statusOf(error);
    if (statusCode === 401) return { statusCode, message: messageOf(error) };
    if (statusCode === 413)
      return { statusCode, message: messageOf(error), errorType: 'PayloadTooLarge', errorDetails: {} };
    if (statusCode < 500) {
      const errorDetails = { body: [messageOf(error)] };
      return { statusCode, message: 'Request is invalid', errorType: 'RequestValidation', errorDetails };
    }
    this.logger.error({
      msg: `${request.method} ${request.url.split('?', 1)[0]} failed`,
      trace: request.id,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    const diskFailure = diskFailureMessage(error);
    if (diskFailure !== null)
      return {
        statusCode: insufficientStorage,
        message: diskFailure,
        errorType: 'InsufficientStorage',
        errorDetails: {},
      };
    return {
      statusCode: 500,
      message: 'An unexpected error occurred',
      errorType: 'ServerError',
      errorDetails: {},
    };
  }
}

const fromNoRoute = (error: NoRoute): NexosisError =>
  error.getStatus() === 404
    ? nothingAtPath(`${error.message} ${error.solution}`)
    : new NexosisError(405, null, error.message, { path: [error.solution] });

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : 500;
  return Number.isInteger(status) && status >= 400 ? status : 500;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
