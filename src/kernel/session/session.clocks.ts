import type { Millis } from '../time.js';
import type { Session, SessionLimits } from './session.js';

/**
 * The clocks that the events of a session's jobs change (semantics: clocks). The decision and the estimate both use
 * these functions, so that an estimate follows the rules that decide.
 */
export type Clocks = Pick<Session, 'startedAt' | 'idleSince' | 'activeSince' | 'activeSpent'>;

/** Returns the clocks after a job starts: `max_ttl` runs from the first start, the active clock runs, idling ends. */
export const clocksAfterStart = (
  { startedAt, idleSince, activeSince, activeSpent }: Clocks,
  limits: SessionLimits,
  at: Millis,
): Clocks => ({
  startedAt: startedAt ?? at,
  idleSince: limits.busyIsIdle ? (idleSince ?? at) : null,
  activeSince: activeSince ?? at,
  activeSpent,
});

/** Stops the active clock and keeps the time it has used. */
export const stopActiveClock = (
  { activeSince, activeSpent }: Pick<Clocks, 'activeSince' | 'activeSpent'>,
  at: Millis,
): Pick<Clocks, 'activeSince' | 'activeSpent'> =>
  activeSince === null
    ? { activeSince, activeSpent }
    : { activeSince: null, activeSpent: activeSpent + at - activeSince };

/**
 * Returns since when a session has been idle, after a job ended or was withdrawn. An open session is idle with nothing
 * queued; an active one with nothing queued and nothing running or, if busy counts as idle, since the latest end.
 */
export function idleSinceAfterEnd(
  session: Pick<Session, 'state' | 'idleSince' | 'queuedJobs' | 'runningJobs'>,
  limits: SessionLimits,
  at: Millis,
): Millis | null {
  const { state, idleSince, queuedJobs, runningJobs } = session;
  const isActive = state === 'active';
  const isDone = queuedJobs === 0 && runningJobs === 0;
  const idles = isActive ? isDone || limits.busyIsIdle === true : state === 'open' && isDone;
  return idles ? at : idleSince;
}

/** Returns whether a dedicated session keeps its slot: while active, or closed with running jobs (semantics: usage). */
export const keepsSlot = ({ state, runningJobs }: Pick<Session, 'state' | 'runningJobs'>): boolean =>
  state === 'active' || (state === 'closed' && runningJobs > 0);

/** Returns whether a draining session has nothing left to finish, so that it closes. */
export const isDrained = ({
  acceptingJobs,
  queuedJobs,
  runningJobs,
}: Pick<Session, 'acceptingJobs' | 'queuedJobs' | 'runningJobs'>): boolean =>
  !acceptingJobs && queuedJobs === 0 && runningJobs === 0;
