import { createParamDecorator, Inject, Injectable, SetMetadata, UnauthorizedException } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import type { Actor } from '../kernel/access/access.js';
import { Refusal } from '../kernel/refusal.js';
import type { Millis } from '../kernel/time.js';
import { bearer, CREDENTIALS, type CredentialReader } from './credentials.js';
import { sendingPage } from './sending-page.js';
import { TokensService } from './tokens.service.js';

const OPEN = 'stint:open';
const ADMIN = 'stint:admin';

/** A route that needs no token. */
export const Open = () => SetMetadata(OPEN, true);
/** A route for admins. */
export const AdminOnly = () => SetMetadata(ADMIN, true);

interface Route {
  readonly controller: unknown;
  readonly open: boolean;
  readonly admin: boolean;
}

type Authenticated = FastifyRequest & { actor?: Actor; goodFor?: () => Promise<Millis> };

/** Who asks. */
export const Asker = createParamDecorator((_: unknown, context: ExecutionContext): Actor => {
  const { actor } = context.switchToHttp().getRequest<Authenticated>();
  if (actor === undefined) throw new UnauthorizedException('This route has no asker.');
  return actor;
});

/** For how many milliseconds the credential of the request stays good; 0 once it is revoked or expired. */
export const GoodFor = createParamDecorator(
  (_: unknown, context: ExecutionContext): (() => Promise<Millis>) => {
    const { goodFor } = context.switchToHttp().getRequest<Authenticated>();
    if (goodFor === undefined) throw new UnauthorizedException('This route has no asker.');
    return goodFor;
  },
);

/**
 * Every request carries a token, as `Authorization: Bearer <token>` or in a way that a dialect adds.
 */
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
    // The way that works everywhere is named first, the special ones after it.
    this.hints = [...this.readers]
      .reverse()
      .flatMap(({ hint }) => hint ?? [])
      .join(', ');
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const route = this.routeOf(context);
    if (route.open) return true;
    const request = context.switchToHttp().getRequest<Authenticated>();
    const sent = this.readers.flatMap((reader) => reader.read(request.headers) ?? []);
    const ambient = sent.flatMap((each) => each.ambient ?? []);
    if (ambient.length > 0 && sendingPage(request.headers, request.host) === 'other')
      throw new Refusal('cross_site_password', {});
    const [credential, ...others] = sent.filter(({ secret }) => secret !== '');
    if (credential === undefined) throw new UnauthorizedException(`Send your token as ${this.hints}.`);
    const { secret, header } = credential;
    const token = await this.tokens.verify(secret);
    if (token === null) throw new UnauthorizedException('This token is unknown, expired or revoked.');
    for (const other of others) {
      // The header that is not looked at could be wrong, or another person's.
      if ((await this.tokens.verify(other.secret))?.id !== token.id)
        throw new UnauthorizedException(
          `The headers "${header}" and "${other.header}" hold different tokens. Send one of them.`,
        );
    }
    if (sent.some(({ user }) => user !== undefined && user !== token.user))
      throw new UnauthorizedException('This token is not of the user who was named with it.');
    request.goodFor = () => this.tokens.goodFor(secret);
    const crn = request.headers['service-crn'];
    request.actor = await this.tokens.actor(token, typeof crn === 'string' ? crn : undefined);
    if (route.admin && token.role !== 'admin') throw new Refusal('admin_only', {});
    return true;
  }

  /** What stands above a route never changes. */
  private routeOf(context: ExecutionContext): Route {
    const handler = context.getHandler();
    const known = this.routes.get(handler);
    const controller = context.getClass();
    if (known?.controller === controller) return known;
    const targets = [handler, controller];
    const has = (key: string) => this.reflector.getAllAndOverride<boolean | undefined>(key, targets) === true;
    const route = { controller, open: has(OPEN), admin: has(ADMIN) };
    this.routes.set(handler, route);
    return route;
  }
}
