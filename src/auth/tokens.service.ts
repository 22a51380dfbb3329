import { Inject, Injectable } from '@nestjs/common';
import { jwtVerify, SignJWT } from 'jose';
import type { Actor, Role } from '../kernel/access/access.js';
import { Refusal } from '../kernel/refusal.js';
import { seconds, type Millis } from '../kernel/time.js';
import { Commands } from '../scheduler/commands.service.js';
import { InstancesService } from '../scheduler/instances.service.js';
import {
  CLOCK,
  IDS,
  STORE,
  type Clock,
  type Ids,
  type Instance,
  type Store,
  type Token,
} from '../scheduler/ports.js';
import { SIGNING_KEY } from './signing-key.js';
import { TokenCache, type CachedToken } from './token-cache.js';
import { hashToken, tokenPrefix } from './token-hash.js';

export interface NewToken {
  readonly user: string;
  /** Name or CRN; an instance with an unknown name is created. */
  readonly instance: string;
  readonly role: Role;
  readonly expiresAt: Millis | null;
}

/** Lifetime in seconds. Clients expect one hour, and renew a bearer token after 80 % of its lifetime. */
const bearerLife = 3600;

/** API tokens and the bearer tokens they are exchanged for. */
@Injectable()
export class TokensService {
  private readonly cache = new TokenCache();
  /** The tokens' own instances by id. Only members that never change are used. */
  private readonly ownInstances = new Map<string, Actor['instance']>();

  constructor(
    private readonly commands: Commands,
    private readonly instances: InstancesService,
    @Inject(STORE) private readonly store: Store,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
    @Inject(SIGNING_KEY) private readonly key: Uint8Array,
  ) {}

  /** Creates a token. Only the return value contains its secret. `by` is recorded in the event log. */
  create(
    newToken: NewToken,
    secret = `${tokenPrefix}${this.ids.secret()}`,
    by?: string,
  ): Promise<{ token: Token; secret: string; instance: Instance }> {
    return this.commands.run(async (unit) => {
      if (newToken.expiresAt !== null && newToken.expiresAt <= unit.at) throw new Refusal('expiry_past', {});
      const instance = await this.instances.findOrCreate(unit, newToken.instance);
      const token: Token = {
        id: unit.ids.uuid(),
        hash: hashToken(secret),
        user: newToken.user,
        role: newToken.role,
        instance: instance.id,
        createdAt: unit.at,
        expiresAt: newToken.expiresAt,
        revokedAt: null,
      };
      await unit.tx.tokens.insert(token);
      await unit.logAdminAction('token.created', { instance: instance.id }, describe(token));
      return { token, secret, instance };
    }, by);
  }

  list(): Promise<Token[]> {
    return this.store.read.tokens();
  }

  async revoke(id: string, by?: string): Promise<void> {
    try {
      await this.commands.run(async (unit) => {
        const token = await unit.tx.tokens.find(id);
        if (token === null) throw new Refusal('unknown_token', { token: id });
        await unit.tx.tokens.revoke(id, unit.at);
        if (token.revokedAt === null)
          await unit.logAdminAction('token.revoked', { instance: token.instance }, describe(token));
        // Clear the cache before the commit is announced: a stream that checks its token then must find it revoked.
        unit.afterCommit(() => this.cache.forget());
      }, by);
    } finally {
      this.cache.forget();
    }
  }

  /** Returns the token of a credential, or null if the credential is unknown, expired or revoked. */
  async verify(credential: string): Promise<Token | null> {
    const digest = hashToken(credential);
    const entry = await this.cache.find(digest, () =>
      isBearer(credential) ? this.ofBearer(credential) : this.ofSecret(digest),
    );
    if (entry === null || entry.token.revokedAt !== null || entry.until <= this.clock.wall()) return null;
    const { token } = entry;
    return token.expiresAt !== null && token.expiresAt <= this.clock.now() ? null : token;
  }

  /** Returns for how many milliseconds a credential stays valid unless it is revoked; 0 if it is not valid now. */
  async goodFor(credential: string): Promise<Millis> {
    const token = await this.verify(credential);
    if (token === null) return 0;
    const until = isBearer(credential) ? ((await this.ofBearer(credential))?.until ?? 0) : Infinity;
    const remaining = Math.min(until - this.clock.wall(), (token.expiresAt ?? Infinity) - this.clock.now());
    return Math.max(0, remaining);
  }

  /** Returns the actor of a token, for the instance that `crn` names or else for the token's own instance. */
  async actor(token: Token, crn: string | undefined): Promise<Actor> {
    const own = this.ownInstances.get(token.instance) ?? (await this.ownInstance(token));
    if (crn === undefined || crn === '' || crn === own.crn) return actorOf(token, own);
    if (token.role === 'admin') {
      const other = await this.store.read.instanceByCrn(crn);
      if (other !== null) return actorOf(token, other);
    }
    throw await this.instances.refuseInstance({ role: token.role, instance: own }, 'header', crn);
  }

  /** Exchanges an API token for a signed bearer token. Returns null if `apikey` is not a valid API token. */
  async exchange(
    apikey: string,
  ): Promise<{ accessToken: string; expiresIn: number; expiration: number } | null> {
    // A stolen bearer token must expire within the hour, so it cannot be exchanged for another one.
    const token = isBearer(apikey) ? null : await this.verify(apikey);
    if (token === null) return null;
    // Clients compare `exp` with the time of their own computer, so use the wall clock even if the clock is virtual.
    const issued = Math.floor(this.clock.wall() / 1000);
    const expiration = issued + bearerLife;
    const accessToken = await new SignJWT({ iam_id: `stint-${token.user}` })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setSubject(token.id)
      .setIssuedAt(issued)
      .setExpirationTime(expiration)
      .sign(this.key);
    return { accessToken, expiresIn: bearerLife, expiration };
  }

  private async ownInstance(token: Token): Promise<Actor['instance']> {
    const own = await this.store.read.instance(token.instance);
    if (own === null) throw new Refusal('instance_gone', {});
    const { id, name, crn } = own;
    this.ownInstances.set(id, { id, name, crn });
    return own;
  }

  private async ofSecret(hash: string): Promise<CachedToken | null> {
    const token = await this.store.read.tokenByHash(hash);
    return token === null ? null : { token, until: Infinity };
  }

  private async ofBearer(jwt: string): Promise<CachedToken | null> {
    try {
      const currentDate = new Date(this.clock.wall());
      const { payload } = await jwtVerify(jwt, this.key, { algorithms: ['HS256'], currentDate });
      const token = payload.sub === undefined ? null : await this.store.read.token(payload.sub);
      return token === null ? null : { token, until: seconds(payload.exp ?? Infinity) };
    } catch {
      return null;
    }
  }
}

/** Describes a token for the event log, without its secret. */
const describe = ({ id, user, role }: Token): string => `token ${id} of ${role} ${user}`;

/**
 * Returns whether a credential has the form of a bearer token that {@link TokensService.exchange} creates. A token that
 * an operator chose may start with the same letters.
 */
const isBearer = (credential: string): boolean => /^ey[\w-]*\.[\w-]+\.[\w-]+$/.test(credential);

const actorOf = (token: Token, { id, name, crn }: Actor['instance']): Actor => ({
  tokenId: token.id,
  user: token.user,
  role: token.role,
  instance: { id, name, crn },
});
