import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Level, PinoLogger } from './logger.js';

type AuthenticatedRequest = FastifyRequest & {
  readonly actor?: { readonly user: string; readonly instance: { readonly name: string } };
};

/** The most characters of a path that are logged; no route has a longer path. */
const longestPath = 300;

/**
 * Returns a generator of request names, which are `trace` in error answers and in the log. The first part is random at
 * each start, so that a name is unique in the logs of many days.
 */
export function requestNames(): () => string {
  const start = randomBytes(4).toString('hex');
  let count = 0;
  return () => `${start}-${(count += 1).toString(36)}`;
}

/**
 * Returns the log level of a request. Successful reads are debug lines, because clients poll up to ten times a second.
 */
export function levelOf(method: string, status: number): Level {
  if (status >= 500) return 'error';
  return status < 400 && ['GET', 'HEAD', 'OPTIONS'].includes(method) ? 'debug' : 'info';
}

/** Returns the requested path without its query, which may contain secrets. */
export const pathOf = ({ originalUrl }: Pick<FastifyRequest, 'originalUrl'>): string =>
  (originalUrl.split('?', 1)[0] ?? '').slice(0, longestPath);

/** Logs one line for each request that was answered or whose client disconnected before the answer. */
export function installRequestLog(fastify: FastifyInstance, logger: PinoLogger): void {
  // Use `done`: a promise would delay every request by one turn of the event loop, which matters for status reads.
  fastify.addHook('onResponse', (request, reply, done) => {
    const level = levelOf(request.method, reply.statusCode);
    if (logger.isOn(level)) logger.write(level, lineOf(request, reply), ['Request']);
    done();
  });
}

function lineOf(request: AuthenticatedRequest, reply: FastifyReply) {
  const { actor } = request;
  return {
    msg: `${request.method} ${pathOf(request)} ${reply.statusCode}`,
    trace: request.id,
    method: request.method,
    path: pathOf(request),
    status: reply.statusCode,
    ms: Math.round(reply.elapsedTime * 10) / 10,
    user: actor?.user ?? null,
    instance: actor?.instance.name ?? null,
    address: request.ip,
    ...(!reply.raw.writableFinished && { left: true }),
  };
}
