import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { DIALECTS, dialectOf, type Dialect } from './dialect.js';

/**
 * Answers errors from before a controller runs (no route, a bad body) with the filter of the dialect that owns the URL.
 */
@Catch()
export class ErrorsByPathFilter implements ExceptionFilter {
  constructor(@Inject(DIALECTS) private readonly dialects: readonly Dialect[]) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const { url } = host.switchToHttp().getRequest<FastifyRequest>();
    dialectOf(this.dialects, url).errors.catch(error, host);
  }
}
