import { createParamDecorator, Inject, Injectable, SetMetadata, UnauthorizedException } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import type { Actor } from '../kernel/access/access.js';
import { Refusal } from '../kernel/refusal.js';
import type { Millis } from '../kernel/time.js';
import { bearer, CREDENTIALS, type CredentialReader } from './credentials.js';
import { requestOrigin } from './sending-page.js';
import { TokensService } from './tokens.service.js';

const OPEN = 'stint:open';
const ADMIN = 'stint:admin';

/** Marks a route that needs no token. */
export const Public = () => SetMetadata(OPEN, true);
/** Marks a route that needs an admin token. */
export const AdminOnly = () => SetMetadata(ADMIN, true);

interface Route {
  readonly controller: unknown;
  readonly open: boolean;
  readonly admin: boolean;
}

type Authenticated = FastifyRequest & { actor?: Actor; goodFor?: () => Promise<Millis> };

/** Injects the user and instance on whose behalf the request is made. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor => {
  const { actor } = context.switchToHttp().getRequest<Authenticated>();
  if (actor === undefined) throw new UnauthorizedException('This route does not authenticate its requests.');
  return actor;
});

/**
 * Injects a function that returns for how many milliseconds the credential stays valid; 0 once it is revoked or
 * expired.
 */
export const CredentialValidity = createParamDecorator(
  (_: unknown, context: ExecutionContext): (() => Promise<Millis>) => {
    const { goodFor } = context.switchToHttp().getRequest<Authenticated>();
    if (goodFor === undefined)
      throw new UnauthorizedException('This route does not authenticate its requests.');
    return goodFor;
  },
);

/** Requires a token on every request, as `Authorization: Bearer <token>` or in a way that a dialect adds. */
@Injectable()
export class TokenGuard implements CanActivate {
  private readonly routes = new Map<object, Route>();
  private readonly readers: readonly CredentialReader[];
  private readonly hints: string;

  constructor(
    private readonly reflector: Reflector,
    private readonly tokens: TokensService,
    @Inject(CREDENTIALS) readers: readonly CredentialReader[],
  ) {
    this.readers = [...readers, bearer];
    // `bearer` works everywhere, so its hint comes first.
    this.hints = [...this.readers]
      .reverse()
      .flatMap(({ hint }) => hint ?? [])
      .join(', ');
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const route = this.routeOf(context);
    if (route.open) return true;
    const request = context.switchToHttp().getRequest<Authenticated>();
    const credentials = this.readers.flatMap((reader) => reader.read(request.headers) ?? []);
    const ambient = credentials.flatMap((each) => each.ambient ?? []);
    if (ambient.length > 0 && requestOrigin(request.headers, request.host) === 'other')
      throw new Refusal('cross_site_password', {});
    const [credential, ...others] = credentials.filter(({ secret }) => secret !== '');
    if (credential === undefined) throw new UnauthorizedException(`Send your token as ${this.hints}.`);
    const { secret, header } = credential;
    const token = await this.tokens.verify(secret);
    if (token === null) throw new UnauthorizedException('This token is unknown, expired or revoked.');
    for (const other of others) {
      // All headers must hold the same token: one that is ignored might belong to someone else.
      if ((await this.tokens.verify(other.secret))?.id !== token.id)
        throw new UnauthorizedException(
          `The headers "${header}" and "${other.header}" hold different tokens. Send one of them.`,
        );
    }
    if (credentials.some(({ user }) => user !== undefined && user !== token.user))
      throw new UnauthorizedException('This token does not belong to the user who was named with it.');
    request.goodFor = () => this.tokens.goodFor(secret);
    const crn = request.headers['service-crn'];
    request.actor = await this.tokens.actor(token, typeof crn === 'string' ? crn : undefined);
    if (route.admin && token.role !== 'admin') throw new Refusal('admin_only', {});
    return true;
  }

  /** Caches the decorators of a route, which never change. */
  private routeOf(context: ExecutionContext): Route {
    const handler = context.getHandler();
    const cached = this.routes.get(handler);
    const controller = context.getClass();
    if (cached?.controller === controller) return cached;
    const targets = [handler, controller];
    const has = (key: string) => this.reflector.getAllAndOverride<boolean | undefined>(key, targets) === true;
    const route = { controller, open: has(OPEN), admin: has(ADMIN) };
    this.routes.set(handler, route);
    return route;
  }
}
