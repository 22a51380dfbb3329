import type { BackendStatus } from '../kernel/backend/backend.js';
import type { JobState } from '../kernel/job/job.js';
import type { SessionState } from '../kernel/session/session.js';
import type { Millis } from '../kernel/time.js';

/** One change of a session or a job, as the event log keeps it. */
export interface EventRecord {
  readonly id: number;
  readonly type: EventType;
  /** When it took effect: for a deadline its due time. */
  readonly at: Millis;
  readonly processedAt: Millis;
  /** `user alice`, `admin root`, `clock`, `scheduler` or `runner`. */
  readonly actor: string;
  readonly cause: string | null;
  /** Null where the event is of no backend, such as a token that was made. */
  readonly backend: string | null;
  /** The tenant that it concerns; null: all of them, such as a backend that was paused. */
  readonly instance: string | null;
  readonly session: string | null;
  readonly job: string | null;
}
export type EventType =
  | `session.${SessionState | 'draining' | 'resumed'}`
  | `job.${JobState | 'stopping' | 'requeued'}`
  | AdminEventType;

/** What an operator did. */
export type AdminEventType =
  | `backend.${BackendStatus | 'created' | 'changed' | 'removed'}`
  | `instance.${'created' | 'changed'}`
  | `token.${'created' | 'revoked'}`;

export interface EventFilter {
  /** What concerns this tenant, and what concerns all. */
  readonly instance?: string;
  readonly session?: string;
  /** Only what came after the event with this id. */
  readonly after: number;
  readonly limit: number;
}
