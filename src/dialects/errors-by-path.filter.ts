import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { DIALECTS, dialectOf, type Dialect } from './dialect.js';

/**
 * Handles errors that occur before a controller runs, such as an unknown route or a bad body. The dialect
 * that owns the URL explains the error.
 */
@Catch()
export class ErrorsByPathFilter implements ExceptionFilter {
  constructor(@Inject(DIALECTS) private readonly dialects: readonly Dialect[]) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const { url } = host.switchToHttp().getRequest<FastifyRequest>();
    dialectOf(this.dialects, url).errors.catch(error, host);
  }
}
