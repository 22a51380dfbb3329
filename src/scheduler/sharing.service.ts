import { Inject, Injectable } from '@nestjs/common';
import { mayRead, mayUse, owns, type Actor, type Owned, type Sharing } from '../kernel/access/access.js';
import { Refusal, type Refusals } from '../kernel/refusal.js';
import { STORE, type Store } from './ports.js';

/**
 * Checks what colleagues may do with each other's sessions and jobs. The instance's setting is read only for a
 * colleague's: users mostly read their own, and clients poll.
 */
@Injectable()
export class SharingService {
  constructor(@Inject(STORE) private readonly store: Store) {}

  async mayRead(actor: Actor, owned: Owned): Promise<boolean> {
    return this.allows(mayRead, actor, owned);
  }

  async mayUse(actor: Actor, owned: Owned): Promise<boolean> {
    return this.allows(mayUse, actor, owned);
  }

  /** Refuses `act` on a colleague's session unless the instance allows it. */
  async checkSession(
    actor: Actor,
    session: Owned & { readonly id: string },
    act: Refusals['session_not_shared']['act'],
  ): Promise<void> {
    if (await this.mayUse(actor, session)) return;
    const { id, user: owner } = session;
    throw new Refusal('session_not_shared', { session: id, owner, act, instance: actor.instance.name });
  }

  /** Refuses `act` on a colleague's job unless the instance allows it. */
  async checkJob(
    actor: Actor,
    job: Owned & { readonly id: string },
    act: Refusals['job_not_shared']['act'],
  ): Promise<void> {
    if (await this.mayUse(actor, job)) return;
    const { id, user: owner } = job;
    throw new Refusal('job_not_shared', { job: id, owner, act, instance: actor.instance.name });
  }

  /** Returns the only user whose jobs and results the actor sees; undefined for all of the instance. */
  async visibleUser(actor: Actor): Promise<string | undefined> {
    const hidden = actor.role !== 'admin' && (await this.of(actor.instance.id)) === 'private';
    return hidden ? actor.user : undefined;
  }

  private async allows(rule: typeof mayRead, actor: Actor, owned: Owned): Promise<boolean> {
    // The setting does not apply to the actor's own things or to another instance's.
    if (actor.role === 'admin' || owns(actor, owned) || actor.instance.id !== owned.instance)
      return rule(actor, owned, 'see');
    return rule(actor, owned, await this.of(owned.instance));
  }

  private async of(instance: string): Promise<Sharing> {
    return (await this.store.read.instance(instance))?.sharing ?? 'private';
  }
}
