import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Level, PinoLogger } from './logger.js';

type Known = FastifyRequest & {
  readonly actor?: { readonly user: string; readonly instance: { readonly name: string } };
};

/** Characters of a path; who asks for a longer one asks for nothing that is there. */
const longestPath = 300;

/**
 * Names requests: `trace` in an error's answer and in the log. The first part is another one at each start, so that a name
 * is found once in logs of many days.
 */
export function requestNames(): () => string {
  const start = randomBytes(4).toString('hex');
  let count = 0;
  return () => `${start}-${(count += 1).toString(36)}`;
}

/** What was read without an error is of no interest: a client that waits asks ten times a second. */
export function levelOf(method: string, status: number): Level {
  if (status >= 500) return 'error';
  return status < 400 && ['GET', 'HEAD', 'OPTIONS'].includes(method) ? 'debug' : 'info';
}

/** The path as it was asked for. A query may hold what nobody should read in a log. */
export const pathOf = ({ originalUrl }: Pick<FastifyRequest, 'originalUrl'>): string =>
  (originalUrl.split('?', 1)[0] ?? '').slice(0, longestPath);

/** One line for each request that was answered, or whose client left before. */
export function installRequestLog(fastify: FastifyInstance, logger: PinoLogger): void {
  // With `done`: a promise would cost the requests of all dialects a turn of their own, status reads above all.
  fastify.addHook('onResponse', (request, reply, done) => {
    const level = levelOf(request.method, reply.statusCode);
    if (logger.isOn(level)) logger.write(level, lineOf(request, reply), ['Request']);
    done();
  });
}

function lineOf(request: Known, reply: FastifyReply) {
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
