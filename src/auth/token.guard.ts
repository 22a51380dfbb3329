import { createParamDecorator, Injectable, SetMetadata, UnauthorizedException } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import type { Actor } from '../kernel/access/access.js';
import { Refusal } from '../kernel/refusal.js';
import type { Millis } from '../kernel/time.js';
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

/** HTTP Basic as HDInsight's clients send it: the user's name, and an API token for a password, which may hold colons. */
function basicOf(header: string | undefined): { user: string; password: string } | null {
  const [, encoded] = /^basic\s+(\S+)\s*$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) return null;
  const [user = '', ...password] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return { user, password: password.join(':') };
}

/**
 * Every request carries `Authorization: Bearer <token>`, or `apikey <token>` as clients do after a failed exchange, or Basic, or
 * the header `api-key` as Nexosis clients send it.
 */
@Injectable()
export class TokenGuard implements CanActivate {
  private readonly routes = new Map<object, Route>();

  constructor(
    private readonly reflector: Reflector,
    private readonly tokens: TokensService,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const route = this.routeOf(context);
    if (route.open) return true;
    const request = context.switchToHttp().getRequest<Authenticated>();
    const basic = basicOf(request.headers.authorization);
    // A browser keeps such a password and adds it to whatever a page sends here; other credentials only a script adds.
    if (basic !== null && sendingPage(request.headers, request.host) === 'other')
      throw new Refusal('cross_site_password', {});
    const [credential, ...others] = credentialsOf(request, basic?.password);
    if (credential === undefined) {
      throw new UnauthorizedException(
        'Send your token as "Authorization: Bearer <token>", to the Livy API also as the password of HTTP Basic, to the Nexosis API as "api-key: <token>".',
      );
    }
    const token = await this.tokens.verify(credential);
    if (token === null) throw new UnauthorizedException('This token is unknown, expired or revoked.');
    for (const other of others) {
      // The header that is not looked at could be wrong, or another person's.
      if ((await this.tokens.verify(other))?.id !== token.id)
        throw new UnauthorizedException(
          'The headers "api-key" and "Authorization" hold different tokens. Send one of them.',
        );
    }
    if (basic !== null && basic.user !== token.user)
      throw new UnauthorizedException('This token is not of the user who was named with it.');
    request.goodFor = () => this.tokens.goodFor(credential);
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

/** What the request sends to show who asks, in the order of precedence. */
function credentialsOf({ headers }: FastifyRequest, password: string | undefined): string[] {
  const key = headers['api-key'];
  const bearer = /^(?:bearer|apikey)\s+(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1];
  return [typeof key === 'string' ? key.trim() : '', password ?? bearer ?? ''].filter((text) => text !== '');
}
