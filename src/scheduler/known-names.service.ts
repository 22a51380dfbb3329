import { Inject, Injectable } from '@nestjs/common';
import { searchedInstance, maySee, type Actor } from '../kernel/access/access.js';
import { Refusal } from '../kernel/refusal.js';
import { BackendsService } from './backends.service.js';
import { STORE, type Store } from './ports.js';

/** Names in a filter. `instance` is the instance that is searched; undefined: all. */
export interface FilterNames {
  readonly instance?: string | undefined;
  readonly session?: string | undefined;
  readonly backend?: string | undefined;
  readonly program?: string | undefined;
  readonly user?: string | undefined;
}

/**
 * Distinguishes a filter without matches from one with a misspelt name. It is only needed after an empty result: a
 * match proves that the names are right.
 */
@Injectable()
export class KnownNames {
  constructor(
    private readonly backends: BackendsService,
    @Inject(STORE) private readonly store: Store,
  ) {}

  /** Refuses the first unknown name. A removed thing is known as long as any row refers to it. */
  async check(actor: Actor, filters: FilterNames): Promise<void> {
    for (const filter of ['session', 'backend', 'program', 'user'] as const)
      if (filters[filter] === '') throw new Refusal('filter_empty', { filter });
    if (filters.session !== undefined) await this.checkSession(actor, filters.session, filters.instance);
    if (filters.backend !== undefined) await this.checkBackend(filters.backend, filters.instance);
    if (filters.program !== undefined) await this.checkProgram(filters.program, filters.instance);
    if (filters.user !== undefined) await this.checkUser(filters.user);
  }

  private async checkSession(actor: Actor, id: string, instance: string | undefined): Promise<void> {
    const session = await this.store.read.session(id);
    if (session !== null && (instance ?? session.instance) === session.instance) return;
    // An admin may see the session, but this filter searches one instance only.
    const owner =
      session !== null && maySee(actor, session) ? await this.store.read.instance(session.instance) : null;
    throw owner === null
      ? new Refusal('unknown_session', { session: id, instance: searchedInstance(actor) })
      : new Refusal('session_of_other_instance', {
          session: id,
          instance: actor.instance.name,
          owner: { name: owner.name, crn: owner.crn },
        });
  }

  private async checkBackend(name: string, instance: string | undefined): Promise<void> {
    const { read } = this.store;
    const where = { backend: name, instance };
    if ((await read.backend(name)) !== null) return;
    if ((await read.ledger(where, { limit: 1 })).length > 0) return;
    if ((await read.sessions({ ...where, limit: 1 })).length > 0) return;
    if ((await read.jobs({ ...where, limit: 1, offset: 0 })).total > 0) return;
    await this.backends.get(name);
  }

  private async checkProgram(name: string, instance: string | undefined): Promise<void> {
    const drivers = new Set((await this.backends.list()).map(({ driver }) => driver));
    const programs = [...drivers].flatMap((driver) => this.backends.programs(driver) ?? []);
    if (programs.includes(name)) return;
    if ((await this.store.read.jobs({ program: name, instance, limit: 1, offset: 0 })).total > 0) return;
    throw new Refusal('unknown_program', { program: name, known: programs });
  }

  private async checkUser(name: string): Promise<void> {
    // Tokens are revoked, never removed.
    if ((await this.store.read.tokens()).some((token) => token.user === name)) return;
    throw new Refusal('unknown_user', { user: name });
  }
}
