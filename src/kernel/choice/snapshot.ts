import type { BackendStatus } from '../backend/backend.js';
import type { SessionMode, SessionState } from '../session/session.js';
import type { Millis } from '../time.js';

export interface SlotView {
  readonly index: number;
  /** Jobs on its lanes now. */
  readonly running: number;
  /** The dedicated session that holds it alone. */
  readonly holder: string | null;
  /** The dedicated session that gets it once it is empty. */
  readonly reservedFor: string | null;
}

export interface QueuedJob {
  readonly id: string;
  readonly seq: number;
}

/** A session with queued jobs, as the choice needs it. */
export interface SessionView {
  readonly id: string;
  readonly mode: SessionMode;
  readonly state: SessionState;
  /** Its first queued jobs in submission order: as many as there are free lanes suffice. */
  readonly queue: readonly QueuedJob[];
}

/** What one instance has in the general queue: lone jobs, and sessions that are open or inactive, by their first job. */
export interface InstanceView {
  readonly id: string;
  /** Charged in the fair-share window, with what accrues now. */
  readonly charged: Millis;
  readonly shares: number;
  /** Its budget is used up: what waits goes on waiting until the window makes room. */
  readonly blocked: boolean;
  /** In submission order. */
  readonly waiting: readonly (
    { readonly job: QueuedJob } | { readonly session: string; readonly seq: number }
  )[];
}

/**
 * One backend at one moment: the heads of its queues, never the whole queues. The store fills it from indexes whose order
 * is the scheduling order, so its size depends on the free lanes and not on the number of queued jobs.
 */
export interface Snapshot {
  readonly backend: { readonly name: string; readonly status: BackendStatus; readonly lanes: number };
  readonly slots: readonly SlotView[];
  readonly sessions: ReadonlyMap<string, SessionView>;
  /** Active batch sessions with queued jobs, oldest activation first. */
  readonly batches: readonly string[];
  readonly instances: readonly InstanceView[];
}

/** What to do, in this order. */
export interface Choice {
  readonly starts: readonly {
    readonly job: string;
    readonly session: string | null;
    readonly slot: number;
  }[];
  /** Reservations that change: to whom each slot is now promised, null for no one. */
  readonly reservations: readonly { readonly slot: number; readonly session: string | null }[];
}
