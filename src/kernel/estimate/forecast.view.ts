import type { BackendStatus } from '../backend/backend.js';
import type { SlotView } from '../choice/snapshot.js';
import type { Session } from '../session/session.js';
import type { Millis } from '../time.js';

/** A job as far as its turn and its length depend on it. */
export interface ForecastJob {
  readonly id: string;
  readonly seq: number;
  readonly instance: string;
  readonly program: string;
  /** How long a script says that it lasts; null: nobody knows. */
  readonly duration: Millis | null;
  readonly maxExecutionTime: Millis;
}

export interface RunningView extends ForecastJob {
  readonly session: string | null;
  /** Its own time is charged, and not that of its session's slot. */
  readonly charged: boolean;
  readonly slot: number;
  readonly startedAt: Millis;
  /** Somebody wants it to stop: it ends within the grace after this. */
  readonly stopAt: Millis | null;
}

/** A session that has a slot, was promised one, or has something queued. */
export type ForecastSession = Pick<
  Session,
  | 'id'
  | 'instance'
  | 'mode'
  | 'state'
  | 'limits'
  | 'acceptingJobs'
  | 'startedAt'
  | 'activeSince'
  | 'activeSpent'
  | 'idleSince'
  | 'runningJobs'
> & {
  readonly queue: readonly ForecastJob[];
  /** More is queued than `queue` shows. */
  readonly more: boolean;
};

export interface ForecastInstance {
  readonly id: string;
  readonly shares: number;
  /** Charged in the fair-share window, with what accrues now. */
  readonly charged: Millis;
  /** How many jobs and holds accrue now, on all backends. */
  readonly rate: number;
  readonly budget: Millis | null;
  /** Its part of the general queue in submission order: what waits alone, and sessions by their first job. */
  readonly waiting: readonly (ForecastJob | { readonly session: string; readonly seq: number })[];
  /** More waits than `waiting` shows. */
  readonly more: boolean;
}

/** A job that has left its lane, and how long it was there. */
export interface Finished {
  readonly program: string;
  readonly instance: string;
  readonly duration: Millis;
}

/** One backend with the beginning of its queue, as far as it is played forward. */
export interface ForecastView {
  readonly at: Millis;
  readonly backend: { readonly name: string; readonly status: BackendStatus; readonly lanes: number };
  readonly slots: readonly SlotView[];
  readonly running: readonly RunningView[];
  readonly sessions: readonly ForecastSession[];
  /** Active batch sessions with queued jobs, oldest activation first. */
  readonly batches: readonly string[];
  readonly instances: readonly ForecastInstance[];
  /** Charged time per share of the first instance that waits and is not shown; null when all are. */
  readonly hiddenFrom: number | null;
  readonly recent: readonly Finished[];
}

/** So many jobs are played one by one; those behind are expected at the pace of these. */
export const horizon = 500;
