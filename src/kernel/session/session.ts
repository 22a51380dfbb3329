import type { Millis } from '../time.js';
import { accruedBy } from '../usage/accrual.js';

/**
 * - `open`: waits to run its first job. Left when that job starts, or when unused, drained or closed.
 * - `active`: has priority (batch) or the slot (dedicated). Entered when one of its jobs starts; left when idle for
 *   `interactive_ttl`, drained, closed, or at the end of `max_ttl` or `active_ttl`.
 * - `inactive`: lost priority and holds nothing; its jobs wait in the general queue. Left when one of them starts.
 * - `closed`: final. Takes and starts no job; a job still running is left to finish.
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
  /** What an expired `interactive_ttl` does. */
  readonly onIdle: 'deactivate' | 'close';
  /** How long its client may be silent before it counts as gone; left out: for ever. */
  readonly heartbeatTtl?: Millis;
  /** `interactive_ttl` also runs while it works, from the latest submit or end, because its backend wants it so. */
  readonly busyIsIdle?: boolean;
}

/**
 * Why a session closed:
 * - its clocks by their names; `drained`: it accepted no jobs and had none left; `budget_reached`: its instance's.
 * - `closed_by_user` and `closed_by_admin`: at once, by someone with that role. `stopped`: the same by someone who will look
 *   at it again.
 * - of a session with a process of its own: `runner_lost` in the middle of a job, `runner_ended` while nothing ran, or
 *   `runner_not_started`.
 */
export const closeCodes = [
  ...(['max_ttl', 'active_ttl', 'interactive_ttl', 'unused_ttl', 'heartbeat_ttl'] as const),
  ...(['drained', 'budget_reached', 'closed_by_user', 'closed_by_admin', 'stopped'] as const),
  ...(['runner_lost', 'runner_ended', 'runner_not_started'] as const),
] as const;
export type CloseCode = (typeof closeCodes)[number];

/** A claim on one backend (semantics: session). Everything a clock or a status read needs is in this one row. */
export interface Session {
  readonly id: string;
  readonly backend: string;
  readonly instance: string;
  readonly user: string;
  readonly mode: SessionMode;
  readonly limits: SessionLimits;

  readonly state: SessionState;
  /** One sentence that names the cause of the latest change; null while open. */
  readonly stateReason: string | null;
  /** Why it closed; null before that, and where an earlier version closed it for a reason that has no code. */
  readonly closeCode: CloseCode | null;
  readonly acceptingJobs: boolean;

  readonly createdAt: Millis;
  readonly startedAt: Millis | null;
  readonly activatedAt: Millis | null;
  /** Number of that change among all activations: they may share a millisecond, and order the active batches. */
  readonly activation: number | null;
  readonly closedAt: Millis | null;
  readonly lastJobStarted: Millis | null;
  readonly lastJobCompleted: Millis | null;
  /** Every state entered, in order. */
  readonly timestamps: readonly { readonly status: SessionState; readonly at: Millis }[];

  readonly queuedJobs: number;
  readonly runningJobs: number;
  /** Submission number of its first queued job: its place in the general queue. Null with nothing queued. */
  readonly headSeq: number | null;

  /** Since when it has had nothing to do: no queued job while open, no queued and no running job while active. */
  readonly idleSince: Millis | null;
  /** When its client was last heard of, as far as that is stored; null where nobody asks (no `heartbeatTtl`). */
  readonly heardAt: Millis | null;
  /** The active clock: what it had used when it last stopped, and since when it runs (null: stopped). */
  readonly activeSpent: Millis;
  readonly activeSince: Millis | null;

  /** Charged and settled so far; what accrues now is added by {@link elapsedTime}. */
  readonly used: Millis;
  /** Dedicated: the slot it holds, and since when that is being charged (null while the service is down). */
  readonly slot: number | null;
  readonly heldSince: Millis | null;
  /** Sum of the start times of its running jobs: with their number it gives a batch's live usage without reading them. */
  readonly runningStarts: Millis;
}

/** How a session ended, for dialects that say it in words of their own. */
export type Ending = Pick<Session, 'closeCode' | 'stateReason' | 'limits'>;

/** A session that has just been asked for. */
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
    heardAt: about.limits.heartbeatTtl === undefined ? null : at,
    activeSpent: 0,
    activeSince: null,
    used: 0,
    slot: null,
    heldSince: null,
    runningStarts: 0,
  };
}

/** What the session has been charged up to `at` (semantics: usage); null until its first job has started. */
export function elapsedTime(session: Session, at: Millis): Millis | null {
  if (session.startedAt === null) return null;
  if (session.mode === 'batch')
    return session.used + accruedBy({ count: session.runningJobs, starts: session.runningStarts }, at);
  return (
    session.used + (session.heldSince === null ? 0 : accruedBy({ count: 1, starts: session.heldSince }, at))
  );
}

/** What is left of the active budget at `at`; never below zero. */
export function activeRemaining(session: Session, at: Millis): Millis {
  const running = session.activeSince === null ? 0 : at - session.activeSince;
  return Math.max(0, session.limits.activeTtl - session.activeSpent - running);
}
