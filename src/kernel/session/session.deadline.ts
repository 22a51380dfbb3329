import type { Millis } from '../time.js';
import type { Session } from './session.js';

/** The clocks of a session, in the order in which they are applied if they expire at the same moment. */
export const sessionClocks = [
  'max_ttl',
  'active_ttl',
  'interactive_ttl',
  'unused_ttl',
  'heartbeat_ttl',
] as const;
export type SessionClock = (typeof sessionClocks)[number];

/**
 * Order of deadlines with equal due times (semantics: clocks): max_ttl, active_ttl, job limit, job end,
 * interactive_ttl, unused_ttl. A used-up budget closes sessions like the first two, so it comes next to them. The kill
 * of a stopping runner and a client's missed heartbeat have no prescribed order and come last.
 */
export const deadlineRank = {
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
export type DeadlineKind = keyof typeof deadlineRank;

/** Compares two deadlines by due time, then by rank. Negative: `a` is applied first. */
export const compareDeadlines = (
  a: { readonly at: Millis; readonly rank: number },
  b: { readonly at: Millis; readonly rank: number },
): number => a.at - b.at || a.rank - b.rank;

/** The part of a session that decides when its clocks expire. */
export type ClockState = Pick<
  Session,
  'state' | 'limits' | 'startedAt' | 'activeSince' | 'activeSpent' | 'idleSince'
> &
  Partial<Pick<Session, 'clientSeenAt'>>;

/** Returns when one clock of `session` expires; null while that clock does not run. */
export function clockEndOf(session: ClockState, clock: SessionClock): Millis | null {
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
      return limits.heartbeatTtl === undefined || session.clientSeenAt == null
        ? null
        : session.clientSeenAt + limits.heartbeatTtl;
  }
}

/** Returns the first clock of `session` to expire, and when; null if none runs. */
export function deadlineOf(session: ClockState): { readonly at: Millis; readonly kind: SessionClock } | null {
  let first: { at: Millis; kind: SessionClock } | null = null;
  for (const kind of sessionClocks) {
    const at = clockEndOf(session, kind);
    if (at !== null && (first === null || at < first.at)) first = { at, kind };
  }
  return first;
}
