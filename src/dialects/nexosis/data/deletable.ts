import { mayEnd, type Actor } from '../../../kernel/access/access.js';
import { NexosisError } from '../wire/errors.js';

/** Something that a user created. Without a user it was created before users were recorded: anyone may delete it. */
interface Owned {
  readonly instance: string;
  readonly user?: string | null;
}

/**
 * Throws unless the actor created the item or is an admin. `what` names it, such as `Data set shop`. To delete several
 * items, check all of them before you delete the first.
 */
export function checkMayDelete(actor: Actor, item: Owned, what: string): void {
  const { instance, user } = item;
  if (user == null || mayEnd(actor, { instance, user })) return;
  throw new NexosisError(403, 'Forbidden', `${what} is ${user}'s: it is theirs to delete, or an admin's.`);
}
