import type { Millis } from '../time.js';
import type { Session, SessionLimits } from './session.js';

/**
 * How the events of its jobs move the clocks of a session (semantics: clocks). The decision and the estimate of waits both
 * use these functions, so that what is foretold follows the rule that decides.
 */
export type Clocks = Pick<Session, 'startedAt' | 'idleSince' | 'activeSince' | 'activeSpent'>;

/** A job of it starts: `max_ttl` runs from the first one, the active clock runs, and it is idle no more. */
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

/** The active clock stops, and keeps what it has used. */
export const stopActiveClock = (
  { activeSince, activeSpent }: Pick<Clocks, 'activeSince' | 'activeSpent'>,
  at: Millis,
): Pick<Clocks, 'activeSince' | 'activeSpent'> =>
  activeSince === null
    ? { activeSince, activeSpent }
    : { activeSince: null, activeSpent: activeSpent + at - activeSince };

/**
 * Since when it has been idle once a job of it has ended or was withdrawn. A session idles while it is open with nothing queued, or
 * active with nothing queued and nothing running. Where busy counts as idle, an active one idles from every end.
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

/** A dedicated session keeps its slot while active, and closed until its last job has ended (semantics: usage). */
export const keepsSlot = ({ state, runningJobs }: Pick<Session, 'state' | 'runningJobs'>): boolean =>
  state === 'active' || (state === 'closed' && runningJobs > 0);

/** Nothing is left of what it was to finish before it closes. */
export const isDrained = ({
  acceptingJobs,
  queuedJobs,
  runningJobs,
}: Pick<Session, 'acceptingJobs' | 'queuedJobs' | 'runningJobs'>): boolean =>
  !acceptingJobs && queuedJobs === 0 && runningJobs === 0;
