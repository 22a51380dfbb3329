import type { IncomingMessage, RequestListener } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { requestOrigin } from '../../auth/sending-page.js';

/** The path of Livy's API on the service's main port, as in HDInsight. */
const mount = '/livy';
export const isLivy = (url: string): boolean => /^\/livy(?=$|[/?])/.test(url);

/** Requests to Livy's own port, whose paths begin at the root. */
const atRoot = new WeakSet<IncomingMessage>();

/** Returns the prefix of the paths that the client of this request uses. */
export const prefixOf = ({ raw }: Pick<FastifyRequest, 'raw'>): string => (atRoot.has(raw) ? '' : mount);

/** Returns the path as the client wrote it if the request came to Livy's own port, else null. */
export function pathOnOwnPort(request: FastifyRequest): string | null {
  if (prefixOf(request) !== '') return null;
  const path = request.originalUrl.split('?')[0] ?? '';
  return path.replace(/^\/livy(?=\/|$)/, '') || '/';
}

/** Removes a slash at the end of the path, and applies `X-HTTP-Method-Override` of a POST (dialect, HTTP rules). */
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

/** Adds Livy's security headers to every answer, and refuses API versions other than 0.1. */
export function installLivyRules(fastify: FastifyInstance): void {
  // Use `done`, not a promise: a promise would delay every request by a turn of the event loop.
  fastify.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done) => {
    if (!isLivy(request.url)) return done();
    void reply.headers(securityHeaders);
    const version = /application\/vnd\.livy\.v([^+;,\s]*)/.exec(request.headers.accept ?? '')?.[1];
    if (version === undefined || version === '0.1') return done();
    const msg = `There is no version ${version} of this API. Send Accept: application/vnd.livy.v0.1+json.`;
    void reply.status(406).send({ msg });
  });
}

/** The credentials of requests that have none, on Livy's own port. */
export interface DefaultCredentials {
  readonly token: string;
  /** Whether only clients on this machine may use them. */
  readonly loopbackOnly: boolean;
}

/**
 * Serves Livy on its own port, with its paths at the root. Clients of a Livy without authentication send no
 * credentials; `defaults` are used for them.
 */
export const serveLivy =
  (fastify: FastifyInstance, defaults: DefaultCredentials | null): RequestListener =>
  (request, response) => {
    atRoot.add(request);
    request.url = livyUrl(Object.assign(request, { url: mount + (request.url ?? '/') }));
    if (defaults !== null && mayUseDefaults(request, defaults))
      request.headers.authorization ??= `Bearer ${defaults.token}`;
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
 * Returns whether a request may use the default credentials. Requests of web pages may not: any page can make a browser
 * send code here, and Livy's own page sends no requests. With `loopbackOnly` the host name must be a loopback name,
 * which prevents DNS rebinding.
 */
function mayUseDefaults({ headers }: IncomingMessage, { loopbackOnly }: DefaultCredentials): boolean {
  if (requestOrigin(headers, headers.host) !== 'none') return false;
  // A proxy on this machine forwards requests of other machines, although its own address is loopback.
  if (loopbackOnly && forwarded.some((name) => headers[name] !== undefined)) return false;
  return !loopbackOnly || headers.host === undefined || loopbackName.test(headers.host);
}
