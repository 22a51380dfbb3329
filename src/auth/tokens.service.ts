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
import { TokenCache, type Opened } from './token-cache.js';
import { hashToken, tokenPrefix } from './token-hash.js';

export interface NewToken {
  readonly user: string;
  /** Name or CRN; an unknown name is created. */
  readonly instance: string;
  readonly role: Role;
  readonly expiresAt: Millis | null;
}

/** Clients renew after 80 % of a bearer token's life; an hour is what IBM's service gives. */
const bearerLife = 3600;

/** API tokens and the bearer tokens they are exchanged for. */
@Injectable()
export class TokensService {
  private readonly opened = new TokenCache();
  /** By id. Only what never changes about them is used. */
  private readonly ownInstances = new Map<string, Actor['instance']>();

  constructor(
    private readonly commands: Commands,
    private readonly instances: InstancesService,
    @Inject(STORE) private readonly store: Store,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
    @Inject(SIGNING_KEY) private readonly key: Uint8Array,
  ) {}

  /** Makes a token; its secret is in the answer and nowhere else. `by` stands in the event log. */
  create(
    asked: NewToken,
    secret = `${tokenPrefix}${this.ids.secret()}`,
    by?: string,
  ): Promise<{ token: Token; secret: string; instance: Instance }> {
    return this.commands.run(async (unit) => {
      if (asked.expiresAt !== null && asked.expiresAt <= unit.at) throw new Refusal('expiry_past', {});
      const instance = await this.instances.findOrCreate(unit, asked.instance);
      const token: Token = {
        id: unit.ids.uuid(),
        hash: hashToken(secret),
        user: asked.user,
        role: asked.role,
        instance: instance.id,
        createdAt: unit.at,
        expiresAt: asked.expiresAt,
        revokedAt: null,
      };
      await unit.tx.tokens.insert(token);
      await unit.logAct('token.created', { instance: instance.id }, describe(token));
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
          await unit.logAct('token.revoked', { instance: token.instance }, describe(token));
        // Before anyone is told of the commit: a stream that looks then must find the token revoked.
        unit.afterCommit(() => this.opened.forget());
      }, by);
    } finally {
      this.opened.forget();
    }
  }

  /** The token behind what a client sent, or null when it opens nothing (any more). */
  async verify(credential: string): Promise<Token | null> {
    const digest = hashToken(credential);
    const found = await this.opened.find(digest, () =>
      isBearer(credential) ? this.ofBearer(credential) : this.ofSecret(digest),
    );
    if (found === null || found.token.revokedAt !== null || found.until <= this.clock.wall()) return null;
    const { token } = found;
    return token.expiresAt !== null && token.expiresAt <= this.clock.now() ? null : token;
  }

  /** Milliseconds for which a credential that is good now stays so unless it is revoked; 0 when it opens nothing. */
  async goodFor(credential: string): Promise<Millis> {
    const token = await this.verify(credential);
    if (token === null) return 0;
    const until = isBearer(credential) ? ((await this.ofBearer(credential))?.until ?? 0) : Infinity;
    const left = Math.min(until - this.clock.wall(), (token.expiresAt ?? Infinity) - this.clock.now());
    return Math.max(0, left);
  }

  /** Who asks, acting for the instance that `crn` names or else for the token's own. */
  async actor(token: Token, crn: string | undefined): Promise<Actor> {
    const own = this.ownInstances.get(token.instance) ?? (await this.ownInstance(token));
    if (crn === undefined || crn === '' || crn === own.crn) return actorOf(token, own);
    if (token.role === 'admin') {
      const other = await this.store.read.instanceByCrn(crn);
      if (other !== null) return actorOf(token, other);
    }
    throw await this.instances.elsewhere({ role: token.role, instance: own }, 'header', crn);
  }

  /** Exchanges an API token for a signed bearer token, as IBM's IAM does. Null when the key opens nothing. */
  async exchange(
    apikey: string,
  ): Promise<{ accessToken: string; expiresIn: number; expiration: number } | null> {
    // A bearer token lives for an hour, whoever got hold of it: it buys no other.
    const token = isBearer(apikey) ? null : await this.verify(apikey);
    if (token === null) return null;
    // Clients compare `exp` with their own computer's time, so this is the wall clock even where ours is virtual.
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

  private async ofSecret(hash: string): Promise<Opened | null> {
    const token = await this.store.read.tokenByHash(hash);
    return token === null ? null : { token, until: Infinity };
  }

  private async ofBearer(jwt: string): Promise<Opened | null> {
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

/** In the event log; the secret is nowhere. */
const describe = ({ id, user, role }: Token): string => `token ${id} of ${role} ${user}`;

/** Whether it has the form of what {@link TokensService.exchange} makes. A token that an operator chose may begin alike. */
const isBearer = (credential: string): boolean => /^ey[\w-]*\.[\w-]+\.[\w-]+$/.test(credential);

const actorOf = (token: Token, { id, name, crn }: Actor['instance']): Actor => ({
  tokenId: token.id,
  user: token.user,
  role: token.role,
  instance: { id, name, crn },
});
