import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Livy's interface stands here on the service's own port, as HDInsight has it. */
const mount = '/livy';
export const isLivy = (url: string): boolean => /^\/livy(?=$|[/?])/.test(url);

/** Requests that came to Livy's own port, where its paths begin at the root. */
const atRoot = new WeakSet<IncomingMessage>();

/** What stands before the paths that this client knows. */
export const prefixOf = ({ raw }: Pick<FastifyRequest, 'raw'>): string => (atRoot.has(raw) ? '' : mount);

/** Livy takes a path with and without a slash at its end, and any method in the name of a POST (dialect, HTTP rules). */
export function livyUrl(request: IncomingMessage): string {
  const url = request.url ?? '/';
  if (!isLivy(url)) return url;
  const method = request.headers['x-http-method-override'];
  if (request.method === 'POST' && typeof method === 'string' && /^(GET|PUT|PATCH|DELETE)$/i.test(method))
    request.method = method.toUpperCase();
  const [path = '', query] = url.split(/\?(.*)/s);
  return path.replace(/\/+$/, '') + (query === undefined ? '' : `?${query}`);
}

const securityHeaders = {
  'x-xss-protection': '1; mode=block',
  'x-frame-options': 'SAMEORIGIN',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'self'",
} as const;

/** Livy's rules that hold before any route: its headers, and the one version of its interface. */
export function installLivyRules(fastify: FastifyInstance): void {
  // With `done`: a promise would cost the requests of all dialects a turn of their own, status reads above all.
  fastify.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done) => {
    if (!isLivy(request.url)) return done();
    void reply.headers(securityHeaders);
    const asked = /application\/vnd\.livy\.v([^+;,\s]*)/.exec(request.headers.accept ?? '')?.[1];
    if (asked === undefined || asked === '0.1') return done();
    const msg = `There is no version ${asked} of this interface: ask for application/vnd.livy.v0.1+json.`;
    void reply.status(406).send({ msg });
  });
}

/**
 * Livy alone on a port of its own, its paths at the root. `token` acts for requests that carry no credentials: clients of
 * a Livy without authentication send none.
 */
export function livyServer(fastify: FastifyInstance, token: string | null): Server {
  return createServer((request, response) => {
    atRoot.add(request);
    request.url = livyUrl(Object.assign(request, { url: mount + (request.url ?? '/') }));
    if (token !== null) request.headers.authorization ??= `Bearer ${token}`;
    fastify.routing(request, response);
  });
}
