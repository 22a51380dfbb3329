export const roles = ['user', 'admin'] as const;
export type Role = (typeof roles)[number];

/** The authenticated caller: a user, the instance they act for, and their role. Made from the request's token. */
export interface Actor {
  readonly tokenId: string;
  readonly user: string;
  readonly role: Role;
  /** The tenant that is charged, and whose sessions and jobs this request can see. */
  readonly instance: { readonly id: string; readonly name: string; readonly crn: string };
}

/**
 * How much the users of one instance may do with each other's sessions and jobs (semantics: operator API):
 * - `private`: other users' jobs and results are hidden.
 * - `see`: colleagues may read; only the owner and admins change, run or consume.
 * - `use`: colleagues may also change, run and consume. Only the owner and admins close, cancel and delete.
 */
export const sharings = ['private', 'see', 'use'] as const;
export type Sharing = (typeof sharings)[number];

/** A session, job or other resource that belongs to a user of an instance. */
export interface Owned {
  readonly instance: string;
  readonly user: string;
  /** The user who is charged for a job: the owner of its session. That user counts as an owner of the job, too. */
  readonly chargedTo?: string;
}

/** Returns whether `actor` may know that the resource exists: all users of its instance may, and so may admins. */
export const maySee = (actor: Actor, { instance }: Pick<Owned, 'instance'>): boolean =>
  actor.role === 'admin' || actor.instance.id === instance;

export const owns = (actor: Actor, { instance, user, chargedTo }: Owned): boolean =>
  actor.instance.id === instance && (actor.user === user || actor.user === chargedTo);

/** Returns whether `actor` may read a job, its params, its log and its result. */
export const mayRead = (actor: Actor, owned: Owned, sharing: Sharing): boolean =>
  maySee(actor, owned) && (mayEnd(actor, owned) || sharing !== 'private');

/** Returns whether `actor` may run jobs in a session, change tags, and read a result that can be read only once. */
export const mayUse = (actor: Actor, owned: Owned, sharing: Sharing): boolean =>
  maySee(actor, owned) && (mayEnd(actor, owned) || sharing === 'use');

/** Returns whether `actor` may close or drain a session, cancel a job, and delete a job with its result. */
export const mayEnd = (actor: Actor, owned: Owned): boolean => actor.role === 'admin' || owns(actor, owned);

/** Returns the name of the instance that a lookup was limited to, for "not found" errors; null for an admin (all). */
export const searchedInstance = (actor: Actor): string | null =>
  actor.role === 'admin' ? null : actor.instance.name;

/** Returns the name of `actor` for the event log and for reasons, such as `user alice`. */
export const actorName = (actor: Actor): string => `${actor.role} ${actor.user}`;
