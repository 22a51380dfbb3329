import { HttpException } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { dialectOf, type Dialect } from './dialect.js';

/** No route matches the path (404), or the matching routes do not have the method (405). */
export class NoRoute extends HttpException {
  constructor(
    message: string,
    status: 404 | 405,
    readonly solution: string,
  ) {
    super(message, status);
  }
}

/**
 * Refuses requests without a route, in any dialect, before their body is read. Collects the routes as they are
 * registered, because the router cannot list the methods of a path.
 */
export function installNoRoute(fastify: FastifyInstance, dialects: readonly Dialect[]): void {
  const routes = new Map<string, { matches: RegExp; methods: Set<string> }>();
  fastify.addHook('onRoute', ({ url, method }) => {
    const route = routes.get(url) ?? { matches: matcherOf(url), methods: new Set() };
    for (const each of [method].flat()) route.methods.add(each);
    routes.set(url, route);
  });
  const methodsAt = (path: string) => {
    const matching = [...routes.values()].filter(({ matches }) => matches.test(path));
    const methods = new Set(matching.flatMap((route) => [...route.methods]));
    return order.filter((method) => methods.has(method));
  };
  // Use `done`, not a promise: a promise would delay every request by a turn of the event loop.
  fastify.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done();
    const methods = methodsAt(request.url.split('?')[0] ?? '');
    if (methods.length > 0) void reply.header('allow', methods.join(', '));
    done(refusalOf(request, dialectOf(dialects, request.url), methods));
  });
}

const order = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Returns a pattern for a registered URL. `:name` matches one segment of a path, `*` the rest of it. */
function matcherOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part.startsWith(':')) return '[^/]+';
    return part === '*' ? '.*' : part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('/')}$`);
}

function refusalOf(request: FastifyRequest, owner: Dialect, methods: readonly string[]): NoRoute {
  const pathOnOwnPort = owner.pathOnOwnPort?.(request) ?? null;
  const path = pathOnOwnPort ?? request.originalUrl.split('?')[0] ?? '';
  const docs = `The calls are described at /api/v1/docs${pathOnOwnPort === null ? '' : " on the service's main port"}.`;
  if (methods.length === 0) return new NoRoute(`There is nothing at ${path}.`, 404, docs);
  const allowed = methods.length === 1 ? 'the only method there is' : 'the methods there are';
  const message = `${request.method} is not possible at ${path}: ${allowed} ${methods.join(', ')}.`;
  return new NoRoute(message, 405, docs);
}
