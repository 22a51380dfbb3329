import { HttpException } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ownerOf, type Dialect } from './dialect.js';

/** The address leads nowhere (404), or the method is none of those it has (405). */
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
 * Refuses what no route was written for, in whose dialect it ever is, before its body is read. The routes note themselves
 * when they are registered: the router finds one by its method first and cannot say which others an address has.
 */
export function installNoRoute(fastify: FastifyInstance, dialects: readonly Dialect[]): void {
  const routes = new Map<string, { matches: RegExp; methods: Set<string> }>();
  fastify.addHook('onRoute', ({ url, method }) => {
    const route = routes.get(url) ?? { matches: matcherOf(url), methods: new Set() };
    for (const each of [method].flat()) route.methods.add(each);
    routes.set(url, route);
  });
  const methodsAt = (path: string) => {
    const found = [...routes.values()].filter(({ matches }) => matches.test(path));
    const methods = new Set(found.flatMap((route) => [...route.methods]));
    return order.filter((method) => methods.has(method));
  };
  // With `done`: a promise would cost the requests of all dialects a turn of their own, status reads above all.
  fastify.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done();
    const methods = methodsAt(request.url.split('?')[0] ?? '');
    if (methods.length > 0) void reply.header('allow', methods.join(', '));
    done(refusalOf(request, ownerOf(dialects, request.url), methods));
  });
}

const order = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Of an address as it is registered: `:name` is any part of a path, `*` all the rest. */
function matcherOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part.startsWith(':')) return '[^/]+';
    return part === '*' ? '.*' : part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('/')}$`);
}

function refusalOf(request: FastifyRequest, owner: Dialect, methods: readonly string[]): NoRoute {
  const elsewhere = owner.pathOnOwnPort?.(request) ?? null;
  const asked = elsewhere ?? request.originalUrl.split('?')[0] ?? '';
  const docs = `The calls are described at /api/v1/docs${elsewhere === null ? '' : " on the service's main port"}.`;
  if (methods.length === 0) return new NoRoute(`There is nothing at ${asked}.`, 404, docs);
  const there = methods.length === 1 ? 'the only method there is' : 'the methods there are';
  const refused = `${request.method} is not possible at ${asked}: ${there} ${methods.join(', ')}.`;
  return new NoRoute(refused, 405, docs);
}
