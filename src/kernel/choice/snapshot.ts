import type { BackendStatus } from '../backend/backend.js';
import type { SessionMode, SessionState } from '../session/session.js';
import type { Millis } from '../time.js';

export interface SlotView {
  readonly index: number;
  /** Number of jobs running on its lanes. */
  readonly running: number;
  /** The dedicated session that holds the slot. */
  readonly holder: string | null;
  /** The dedicated session that gets the slot once it is empty. */
  readonly reservedFor: string | null;
}

export interface QueuedJob {
  readonly id: string;
  readonly seq: number;
}

/** A session with queued jobs, reduced to what the choice needs. */
export interface SessionView {
  readonly id: string;
  readonly mode: SessionMode;
  readonly state: SessionState;
  /** Its first queued jobs in submission order; no more than there are free lanes. */
  readonly queue: readonly QueuedJob[];
}

/** One instance's part of the general queue: lone jobs, and open or inactive sessions placed by their first job. */
export interface InstanceView {
  readonly id: string;
  /** Time charged in the fair-share window, with what accrues now. */
  readonly charged: Millis;
  readonly shares: number;
  /** Whether its budget is used up: its jobs then wait until old charges leave the window. */
  readonly blocked: boolean;
  /** In submission order. */
  readonly waiting: readonly (
    { readonly job: QueuedJob } | { readonly session: string; readonly seq: number }
  )[];
}

/**
 * One backend at one moment, with only the heads of its queues. The store reads them from indexes in scheduling order,
 * so the size of a snapshot depends on the free lanes and not on the number of queued jobs.
 */
export interface Snapshot {
  readonly backend: { readonly name: string; readonly status: BackendStatus; readonly lanes: number };
  readonly slots: readonly SlotView[];
  readonly sessions: ReadonlyMap<string, SessionView>;
  /** Active batch sessions with queued jobs, oldest activation first. */
  readonly batches: readonly string[];
  readonly instances: readonly InstanceView[];
}

/** The changes to make, in this order. */
export interface Choice {
  readonly starts: readonly {
    readonly job: string;
    readonly session: string | null;
    readonly slot: number;
  }[];
  /** Changed reservations: the session that each slot is now reserved for, or null if the reservation ended. */
  readonly reservations: readonly { readonly slot: number; readonly session: string | null }[];
}
