import { Inject, Injectable } from '@nestjs/common';
import { mayRead, mayUse, owns, type Actor, type Owned, type Sharing } from '../kernel/access/access.js';
import { Refusal } from '../kernel/refusal.js';
import { STORE, type Store } from './ports.js';

/**
 * What colleagues may do with each other's sessions and jobs. The setting of the instance is looked up only for what is a
 * colleague's: people mostly ask for their own, and clients poll.
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

  /** Refuses to `act` on what is a colleague's, where the instance does not allow it. `what`: such as `Session 7`. */
  async checkUse(actor: Actor, owned: Owned, what: string, act: string): Promise<void> {
    if (await this.mayUse(actor, owned)) return;
    throw new Refusal(
      'forbidden',
      `${what} is ${owned.user}'s: only ${owned.user} or an admin may ${act}.`,
      `Use one of your own. An admin can let colleagues in instance ${actor.instance.name} do this (sharing: use).`,
    );
  }

  /** Whose jobs and results alone the actor sees; undefined: those of the whole instance. */
  async onlyOf(actor: Actor): Promise<string | undefined> {
    const hidden = actor.role !== 'admin' && (await this.of(actor.instance.id)) === 'private';
    return hidden ? actor.user : undefined;
  }

  private async allows(rule: typeof mayRead, actor: Actor, owned: Owned): Promise<boolean> {
    // One's own, and another instance's: the setting changes nothing.
    if (actor.role === 'admin' || owns(actor, owned) || actor.instance.id !== owned.instance)
      return rule(actor, owned, 'see');
    return rule(actor, owned, await this.of(owned.instance));
  }

  private async of(instance: string): Promise<Sharing> {
    return (await this.store.read.instance(instance))?.sharing ?? 'private';
  }
}
