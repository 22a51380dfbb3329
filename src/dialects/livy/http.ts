import type { IncomingMessage, RequestListener } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendingPage } from '../../auth/sending-page.js';

/** Livy's interface stands here on the service's own port, as HDInsight has it. */
const mount = '/livy';
export const isLivy = (url: string): boolean => /^\/livy(?=$|[/?])/.test(url);

/** Requests that came to Livy's own port, where its paths begin at the root. */
const atRoot = new WeakSet<IncomingMessage>();

/** What stands before the paths that this client knows. */
export const prefixOf = ({ raw }: Pick<FastifyRequest, 'raw'>): string => (atRoot.has(raw) ? '' : mount);

/** The path as a client of Livy's own port wrote it; null elsewhere. */
export function pathOnOwnPort(request: FastifyRequest): string | null {
  if (prefixOf(request) !== '') return null;
  const path = request.originalUrl.split('?')[0] ?? '';
  return path.replace(/^\/livy(?=\/|$)/, '') || '/';
}

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

/** Who acts for requests without credentials on Livy's own port. */
export interface Stand {
  readonly token: string;
  /** The port is for this machine only, so it is called by the names that mean just that. */
  readonly loopbackOnly: boolean;
}

/**
 * Livy alone on a port of its own, its paths at the root. `stand` acts for requests that carry no credentials: clients of
 * a Livy without authentication send none.
 */
export const livyAlone =
  (fastify: FastifyInstance, stand: Stand | null): RequestListener =>
  (request, response) => {
    atRoot.add(request);
    request.url = livyUrl(Object.assign(request, { url: mount + (request.url ?? '/') }));
    if (stand !== null && mayBorrow(request, stand))
      request.headers.authorization ??= `Bearer ${stand.token}`;
    fastify.routing(request, response);
  };

const forwarded = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'via',
];

const loopbackName = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/**
 * Any page that somebody opens can make their browser send requests here, and code in one would run as we do. Livy's own
 * page sends none, and a name that leads to this machine without meaning it is somebody's trick.
 */
function mayBorrow({ headers }: IncomingMessage, { loopbackOnly }: Stand): boolean {
  if (sendingPage(headers, headers.host) !== 'none') return false;
  // A proxy on this machine passes on what comes from others: its address says nothing.
  if (loopbackOnly && forwarded.some((name) => headers[name] !== undefined)) return false;
  return !loopbackOnly || headers.host === undefined || loopbackName.test(headers.host);
}
