import type { Millis } from '../time.js';
import type { Session } from './session.js';

/** The clocks of a session, in the order in which they are applied when due at the same moment. */
export const sessionClocks = [
  'max_ttl',
  'active_ttl',
  'interactive_ttl',
  'unused_ttl',
  'heartbeat_ttl',
] as const;
export type SessionClock = (typeof sessionClocks)[number];

/**
 * Rank of everything that can fall due, for equal due times (semantics: clocks): max_ttl, active_ttl, job limit, job end,
 * interactive_ttl, unused_ttl. An instance's budget ends sessions like the first two and stands beside them. Asking a stopping runner's patience to end and a client's silence have no order of their own and come last.
 */
export const dueRank = {
  max_ttl: 0,
  active_ttl: 1,
  budget: 2,
  job_limit: 3,
  job_end: 4,
  interactive_ttl: 5,
  unused_ttl: 6,
  kill: 7,
  heartbeat_ttl: 8,
} as const;
export type DueKind = keyof typeof dueRank;

/** What the clocks of a session depend on. */
export type Clocked = Pick<
  Session,
  'state' | 'limits' | 'startedAt' | 'activeSince' | 'activeSpent' | 'idleSince'
> &
  Partial<Pick<Session, 'heardAt'>>;

/** When one clock of `session` expires; null while that clock does not run. */
export function expiryOf(session: Clocked, clock: SessionClock): Millis | null {
  const { state, limits } = session;
  if (state === 'closed') return null;
  switch (clock) {
    case 'max_ttl':
      return session.startedAt === null ? null : session.startedAt + limits.maxTtl;
    case 'active_ttl':
      return session.activeSince === null
        ? null
        : session.activeSince + limits.activeTtl - session.activeSpent;
    case 'interactive_ttl':
      return state === 'active' && session.idleSince !== null
        ? session.idleSince + limits.interactiveTtl
        : null;
    case 'unused_ttl':
      return state === 'open' && session.idleSince !== null ? session.idleSince + limits.unusedTtl : null;
    case 'heartbeat_ttl':
      return limits.heartbeatTtl === undefined || session.heardAt == null
        ? null
        : session.heardAt + limits.heartbeatTtl;
  }
}

/** When the clock must next look at a session, and why; null once nothing is left to expire. */
export function deadlineOf(session: Clocked): { readonly at: Millis; readonly clock: SessionClock } | null {
  let first: { at: Millis; clock: SessionClock } | null = null;
  for (const clock of sessionClocks) {
    const at = expiryOf(session, clock);
    if (at !== null && (first === null || at < first.at)) first = { at, clock };
  }
  return first;
}
