import { mayEnd, type Actor } from '../../kernel/access/access.js';
import { NexosisError } from './errors.js';

/** Something that a user of an instance made. Without a user it is from before that was kept: nobody's, so anybody's. */
interface Made {
  readonly instance: string;
  readonly user?: string | null;
}

/**
 * Deleting is for whoever made it and for admins. `what`: such as `Data set shop`. Of several, none is deleted unless all
 * may be: check them before the first goes.
 */
export function checkDeletes(actor: Actor, made: Made, what: string): void {
  const { instance, user } = made;
  if (user == null || mayEnd(actor, { instance, user })) return;
  throw new NexosisError(403, 'Forbidden', `${what} is ${user}'s: it is theirs to delete, or an admin's.`);
}
