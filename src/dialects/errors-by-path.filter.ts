import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { LivyErrorsFilter } from './livy/errors.filter.js';
import { NexosisErrorsFilter } from './nexosis/errors.filter.js';
import { isOurs as isNexosis } from './nexosis/paths.js';
import { QiskitErrorsFilter } from './qiskit-runtime/errors.filter.js';

/**
 * What fails before a route is found (no such route, a body too large) is said in the words of the dialect that was spoken
 * to, by its address; routes bring their dialect's filter themselves.
 */
@Catch()
export class ErrorsByPathFilter implements ExceptionFilter {
  private readonly dialects: readonly (readonly [(url: string) => boolean, ExceptionFilter])[] = [
    [(url) => /^\/livy(?=$|[/?])/.test(url), new LivyErrorsFilter()],
    [isNexosis, new NexosisErrorsFilter()],
  ];
  private readonly otherwise = new QiskitErrorsFilter();

  catch(error: unknown, host: ArgumentsHost): void {
    const { url } = host.switchToHttp().getRequest<FastifyRequest>();
    const found = this.dialects.find(([isIts]) => isIts(url));
    (found?.[1] ?? this.otherwise).catch(error, host);
  }
}
