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

/** A user sees and touches what belongs to their instance; an admin everything. */
export const maySee = (actor: Actor, owner: { readonly instance: string }): boolean =>
  actor.role === 'admin' || actor.instance.id === owner.instance;

/**
 * Closing a session, at once or by draining it, cancelling a job and removing one with its result is for the user who
 * owns it, and for an admin (semantics: operator API).
 */
export const mayEnd = (actor: Actor, owner: { readonly instance: string; readonly user: string }): boolean =>
  actor.role === 'admin' || (actor.instance.id === owner.instance && actor.user === owner.user);

/** Where something was looked for, in an answer that it is not there: an admin sees all instances. */
export const lookedIn = (actor: Actor): string =>
  actor.role === 'admin' ? '' : ` in instance ${actor.instance.name}`;

/** How the event log and reasons name someone. */
export const nameOf = (actor: Actor): string => `${actor.role} ${actor.user}`;
