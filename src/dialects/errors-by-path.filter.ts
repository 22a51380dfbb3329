import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { DIALECTS, ownerOf, type Dialect } from './dialect.js';

/**
 * What fails before a route is found (no such route, a body too large) is said in the words of the dialect that was spoken
 * to, by its address; routes bring their dialect's filter themselves.
 */
@Catch()
export class ErrorsByPathFilter implements ExceptionFilter {
  constructor(@Inject(DIALECTS) private readonly dialects: readonly Dialect[]) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const { url } = host.switchToHttp().getRequest<FastifyRequest>();
    ownerOf(this.dialects, url).errors.catch(error, host);
  }
}
