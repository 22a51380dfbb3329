import type { BackendStatus } from '../kernel/backend/backend.js';
import type { JobState } from '../kernel/job/job.js';
import type { SessionState } from '../kernel/session/session.js';
import type { Millis } from '../kernel/time.js';

/** One entry of the event log: a change of a session or a job, or an operator's action. */
export interface EventRecord {
  readonly id: number;
  readonly type: EventType;
  /** When the event took effect; for a deadline, its due time. */
  readonly at: Millis;
  readonly processedAt: Millis;
  /** `user alice`, `admin root`, `clock`, `scheduler` or `runner`. */
  readonly actor: string;
  readonly cause: string | null;
  /** Null if no backend is concerned, as for a new token. */
  readonly backend: string | null;
  /** The instance concerned; null if all are, as for a paused backend. */
  readonly instance: string | null;
  readonly session: string | null;
  readonly job: string | null;
}
export type EventType =
  | `session.${SessionState | 'draining' | 'resumed'}`
  | `job.${JobState | 'stopping' | 'requeued'}`
  | AdminEventType;

/** An operator's action. */
export type AdminEventType =
  | `backend.${BackendStatus | 'created' | 'changed' | 'removed'}`
  | `instance.${'created' | 'changed'}`
  | `token.${'created' | 'revoked'}`;

export interface EventFilter {
  /** Events of this instance, and events that concern all. */
  readonly instance?: string;
  readonly session?: string;
  /** Only events after the one with this id. */
  readonly after: number;
  readonly limit: number;
}
