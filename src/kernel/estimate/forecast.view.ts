import type { BackendStatus } from '../backend/backend.js';
import type { SlotView } from '../choice/snapshot.js';
import type { Session } from '../session/session.js';
import type { Millis } from '../time.js';

/** A queued job, reduced to what decides its turn and its duration. */
export interface ForecastJob {
  readonly id: string;
  readonly seq: number;
  readonly instance: string;
  readonly program: string;
  /** The duration that its script states; null if unknown. */
  readonly duration: Millis | null;
  readonly maxExecutionTime: Millis;
}

export interface RunningView extends ForecastJob {
  readonly session: string | null;
  /** Whether the job itself is charged; false if its session's hold is. */
  readonly charged: boolean;
  readonly slot: number;
  readonly startedAt: Millis;
  /** When it was asked to stop, after which it ends within the grace period; null if it was not. */
  readonly stopAt: Millis | null;
}

/** A session that holds a slot, has a reservation or has queued jobs. */
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
  /** Whether more jobs are queued than `queue` contains. */
  readonly more: boolean;
};

export interface ForecastInstance {
  readonly id: string;
  readonly shares: number;
  /** Time charged in the fair-share window, with what accrues now. */
  readonly charged: Millis;
  /** Number of jobs and holds that are being charged now, on all backends. */
  readonly rate: number;
  readonly budget: Millis | null;
  /** Its part of the general queue in submission order: lone jobs, and sessions placed by their first job. */
  readonly waiting: readonly (ForecastJob | { readonly session: string; readonly seq: number })[];
  /** Whether more entries wait than `waiting` contains. */
  readonly more: boolean;
}

/** A job that has left its lane, and how long it ran. */
export interface FinishedJob {
  readonly program: string;
  readonly instance: string;
  readonly duration: Millis;
}

/** One backend with the beginning of its queue: the input of a forecast. */
export interface ForecastView {
  readonly at: Millis;
  readonly backend: { readonly name: string; readonly status: BackendStatus; readonly lanes: number };
  readonly slots: readonly SlotView[];
  readonly running: readonly RunningView[];
  readonly sessions: readonly ForecastSession[];
  /** Active batch sessions with queued jobs, oldest activation first. */
  readonly batches: readonly string[];
  readonly instances: readonly ForecastInstance[];
  /** Charged time per share of the first waiting instance that the view leaves out; null if it contains them all. */
  readonly hiddenFrom: number | null;
  readonly recent: readonly FinishedJob[];
}

/** Number of queued jobs that are played one by one. For the jobs behind them, the pace is extrapolated. */
export const horizon = 500;
