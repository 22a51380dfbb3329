import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { LivyErrorsFilter } from './livy/errors.filter.js';
import { QiskitErrorsFilter } from './qiskit-runtime/errors.filter.js';

/** Errors in the words of the dialect that the path belongs to, also where no route was reached. */
@Catch()
export class ErrorsByPathFilter implements ExceptionFilter {
  private readonly dialects: readonly (readonly [RegExp, ExceptionFilter])[] = [
    [/^\/livy(?=$|[/?])/, new LivyErrorsFilter()],
  ];
  private readonly otherwise = new QiskitErrorsFilter();

  catch(error: unknown, host: ArgumentsHost): void {
    const { url } = host.switchToHttp().getRequest<FastifyRequest>();
    const found = this.dialects.find(([path]) => path.test(url));
    (found?.[1] ?? this.otherwise).catch(error, host);
  }
}
