import type { Millis } from '../time.js';
import { accruedBy } from '../usage/accrual.js';

/**
 * - `open`: waits to run its first job. Left when that job starts, or when it is unused for too long, drained or
 *   closed.
 * - `active`: has priority (batch) or its slot (dedicated). Entered when one of its jobs starts. Left when idle for
 *   `interactive_ttl`, drained or closed, or at the end of `max_ttl` or `active_ttl`.
 * - `inactive`: has no priority and no slot; its jobs wait in the general queue. Left when one of them starts.
 * - `closed`: final. Accepts and starts no job; running jobs finish.
 */
export const sessionStates = ['open', 'active', 'inactive', 'closed'] as const;
export type SessionState = (typeof sessionStates)[number];

export const sessionModes = ['dedicated', 'batch'] as const;
export type SessionMode = (typeof sessionModes)[number];

/** The limits as granted when the session was opened. */
export interface SessionLimits {
  readonly interactiveTtl: Millis;
  readonly activeTtl: Millis;
  readonly maxTtl: Millis;
  readonly unusedTtl: Millis;
  /** What happens when `interactive_ttl` expires. */
  readonly onIdle: 'deactivate' | 'close';
  /** How long its client may send no heartbeat before the session closes; absent: forever. */
  readonly heartbeatTtl?: Millis;
  /**
   * Whether `interactive_ttl` also runs while the session is busy, from the latest submit or end; set by its backend.
   */
  readonly busyIsIdle?: boolean;
}

/**
 * Why a session closed:
 * - The name of the clock that expired. `drained`: it accepted no jobs and had none left. `budget_reached`: the budget
 *   of its instance is used up.
 * - `closed_by_user` and `closed_by_admin`: closed at once by someone with that role. `stopped`: the same, by a client
 *   that will read the session again.
 * - For a session with its own process: `runner_lost` during a job, `runner_ended` while nothing ran, or
 *   `runner_not_started`.
 */
export const closeCodes = [
  ...(['max_ttl', 'active_ttl', 'interactive_ttl', 'unused_ttl', 'heartbeat_ttl'] as const),
  ...(['drained', 'budget_reached', 'closed_by_user', 'closed_by_admin', 'stopped'] as const),
  ...(['runner_lost', 'runner_ended', 'runner_not_started'] as const),
] as const;
export type CloseCode = (typeof closeCodes)[number];

/** A claim on one backend (semantics: session). This one row contains all that its clocks and its status depend on. */
export interface Session {
  readonly id: string;
  readonly backend: string;
  readonly instance: string;
  readonly user: string;
  readonly mode: SessionMode;
  readonly limits: SessionLimits;

  readonly state: SessionState;
  /** One sentence with the cause of the latest change; null while open. */
  readonly stateReason: string | null;
  /** Why it closed; null if it has not, or if an earlier version closed it for a reason without a code. */
  readonly closeCode: CloseCode | null;
  readonly acceptingJobs: boolean;

  readonly createdAt: Millis;
  readonly startedAt: Millis | null;
  readonly activatedAt: Millis | null;
  /** Serial number of its activation. Orders the active batches, since activations may share a millisecond. */
  readonly activation: number | null;
  readonly closedAt: Millis | null;
  readonly lastJobStarted: Millis | null;
  readonly lastJobCompleted: Millis | null;
  /** All states entered, in order. */
  readonly timestamps: readonly { readonly status: SessionState; readonly at: Millis }[];

  readonly queuedJobs: number;
  readonly runningJobs: number;
  /** Submission number of its first queued job, which is its place in the general queue; null if nothing is queued. */
  readonly headSeq: number | null;

  /** Since when it has been idle: no queued job while open; no queued and no running job while active. */
  readonly idleSince: Millis | null;
  /** When its client last sent a heartbeat, as far as stored; null if the session has no `heartbeatTtl`. */
  readonly clientSeenAt: Millis | null;
  /** The active clock: the time used up to its last stop, and since when it runs (null: stopped). */
  readonly activeSpent: Millis;
  readonly activeSince: Millis | null;

  /** Time charged so far; {@link elapsedTime} adds what accrues now. */
  readonly used: Millis;
  /**
   * For a dedicated session: the slot it holds, and since when the hold is charged (null while the service is down).
   */
  readonly slot: number | null;
  readonly heldSince: Millis | null;
  /**
   * Sum of the start times of its running jobs. With their number it gives a batch's usage without reading the jobs.
   */
  readonly runningStarts: Millis;
}

/** How a session ended, for dialects that explain it in their own words. */
export type Ending = Pick<Session, 'closeCode' | 'stateReason' | 'limits'>;

/** Returns a new open session. */
export function openSession(
  about: Pick<Session, 'id' | 'backend' | 'instance' | 'user' | 'mode' | 'limits'>,
  at: Millis,
): Session {
  return {
    ...about,
    state: 'open',
    stateReason: null,
    closeCode: null,
    acceptingJobs: true,
    createdAt: at,
    startedAt: null,
    activatedAt: null,
    activation: null,
    closedAt: null,
    lastJobStarted: null,
    lastJobCompleted: null,
    timestamps: [{ status: 'open', at }],
    queuedJobs: 0,
    runningJobs: 0,
    headSeq: null,
    idleSince: at,
    clientSeenAt: about.limits.heartbeatTtl === undefined ? null : at,
    activeSpent: 0,
    activeSince: null,
    used: 0,
    slot: null,
    heldSince: null,
    runningStarts: 0,
  };
}

/** Returns the time charged to the session up to `at` (semantics: usage); null until its first job has started. */
export function elapsedTime(session: Session, at: Millis): Millis | null {
  if (session.startedAt === null) return null;
  if (session.mode === 'batch')
    return session.used + accruedBy({ count: session.runningJobs, starts: session.runningStarts }, at);
  return (
    session.used + (session.heldSince === null ? 0 : accruedBy({ count: 1, starts: session.heldSince }, at))
  );
}

/** Returns how much of `active_ttl` is left at `at`, at least zero. */
export function activeRemaining(session: Session, at: Millis): Millis {
  const running = session.activeSince === null ? 0 : at - session.activeSince;
  return Math.max(0, session.limits.activeTtl - session.activeSpent - running);
}
