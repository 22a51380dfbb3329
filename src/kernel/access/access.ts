export const roles = ['user', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Who asks: the person, the instance they act for and what they may do. Made from a token at the door. */
export interface Actor {
  readonly tokenId: string;
  readonly user: string;
  readonly role: Role;
  /** The tenant that is charged and that this request sees. */
  readonly instance: { readonly id: string; readonly name: string; readonly crn: string };
}

/**
 * How open the users of an instance are to each other (semantics: operator API):
 * - `private`: jobs and results of others are hidden.
 * - `see`: colleagues see; only the owner and admins change, run or consume.
 * - `use`: colleagues also change, run and consume. Closing, cancelling and deleting stays with the owner and admins.
 */
export const sharings = ['private', 'see', 'use'] as const;
export type Sharing = (typeof sharings)[number];

/** Something that belongs to a user of an instance. */
export interface Owned {
  readonly instance: string;
  readonly user: string;
  /** Who pays for a job: the owner of the session that it runs in. It is theirs as well. */
  readonly chargedTo?: string;
}

/** That it exists is seen by everybody in its instance; an admin sees everything. */
export const maySee = (actor: Actor, { instance }: Pick<Owned, 'instance'>): boolean =>
  actor.role === 'admin' || actor.instance.id === instance;

export const owns = (actor: Actor, { instance, user, chargedTo }: Owned): boolean =>
  actor.instance.id === instance && (actor.user === user || actor.user === chargedTo);

/** Reading a job, its params, its log and its result. */
export const mayRead = (actor: Actor, owned: Owned, sharing: Sharing): boolean =>
  maySee(actor, owned) && (mayEnd(actor, owned) || sharing !== 'private');

/** Running jobs in a session, changing tags, reading what can be read only once. */
export const mayUse = (actor: Actor, owned: Owned, sharing: Sharing): boolean =>
  maySee(actor, owned) && (mayEnd(actor, owned) || sharing === 'use');

/** Closing a session, at once or by draining it, cancelling a job, and removing one with its result. */
export const mayEnd = (actor: Actor, owned: Owned): boolean => actor.role === 'admin' || owns(actor, owned);

/** The instance in which something was looked for, in an answer that it is not there; null for an admin, who sees all. */
export const lookedIn = (actor: Actor): string | null =>
  actor.role === 'admin' ? null : actor.instance.name;

/** How the event log and reasons name someone. */
export const nameOf = (actor: Actor): string => `${actor.role} ${actor.user}`;
