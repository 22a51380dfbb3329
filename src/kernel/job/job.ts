import type { Millis } from '../time.js';
import { seconds } from '../time.js';
import type { SessionMode } from '../session/session.js';

/**
 * - `queued`: accepted and waiting. Entered on submit, and again when a runner is lost.
 * - `running`: occupies a lane. Left when the runner sends a result, ends after a stop, or is lost.
 * - `completed`, `failed`, `cancelled`: final.
 */
export const jobStates = ['queued', 'running', 'completed', 'failed', 'cancelled'] as const;
export type JobState = (typeof jobStates)[number];

/** The behaviour of a job without a process (driver `scripted`): it ends after `duration`. */
export interface Script {
  readonly duration: Millis;
  readonly outcome: 'completed' | 'failed';
}

/**
 * Why the service, and not the job's program, ended a job:
 * - `session_closed`: its session closed before the job could start, or start again.
 * - `ran_too_long`: it ran for longer than its `maxExecutionTime`.
 * - `runner_lost`: no attempt is left, or the lost runner was its session's own process.
 */
export const endCodes = ['session_closed', 'ran_too_long', 'runner_lost'] as const;
export type EndCode = (typeof endCodes)[number];

/** A request to stop a running job. The job keeps its lane until the runner has ended. */
export interface Stop {
  readonly at: Millis;
  readonly reason: string;
  /** Null if a user or an admin stopped it. */
  readonly endCode: EndCode | null;
}

export interface Job {
  readonly id: string;
  /** Submission number, unique in the service. */
  readonly seq: number;
  readonly backend: string;
  readonly instance: string;
  /** The user who submitted it. */
  readonly user: string;
  /** The user who is charged: the owner of its session, or the submitter of a lone job. */
  readonly chargedTo: string;
  readonly session: string | null;
  /** `job`: a lone job. Otherwise its session's mode, which decides how it is charged. */
  readonly mode: 'job' | SessionMode;
  readonly program: string;

  readonly state: JobState;
  readonly reason: string | null;
  /** Why the service ended it; null if it ended by itself or was cancelled by a user. */
  readonly endCode: EndCode | null;
  /** The program's own error number, 1000 to 9999, or null. */
  readonly reasonCode: number | null;

  readonly createdAt: Millis;
  readonly startedAt: Millis | null;
  readonly endedAt: Millis | null;
  readonly maxExecutionTime: Millis;
  readonly script: Script | null;

  /** Number of attempts begun, and the most that are allowed. */
  readonly attempts: number;
  readonly maxAttempts: number;
  /** Fencing token of the running attempt. A result that carries another token is ignored. */
  readonly token: string | null;
  readonly slot: number | null;
  readonly stop: Stop | null;
  /** Time on a lane, without lost attempts. */
  readonly used: Millis;
}

/** Number of attempts before the job is given up (semantics: jobs). */
export const defaultMaxAttempts = 3;

/** Time between the request to stop and the kill of the runner (semantics: jobs). */
export const stopGrace: Millis = seconds(10);

export const isFinal = (state: JobState): boolean => state !== 'queued' && state !== 'running';

/** Returns when a running job reaches its limit; null if it does not run. */
export const jobLimitOf = ({ state, startedAt, maxExecutionTime }: Job): Millis | null =>
  state !== 'running' || startedAt === null ? null : startedAt + maxExecutionTime;

/** Returns the next deadline of a job and its kind; null while no clock of it runs. */
export function jobDeadlineOf(
  job: Job,
): { readonly at: Millis; readonly kind: 'job_limit' | 'job_end' | 'kill' } | null {
  const limit = jobLimitOf(job);
  if (limit === null || job.startedAt === null) return null;
  if (job.stop !== null) return { at: job.stop.at + stopGrace, kind: 'kill' };
  const end = job.script === null ? Infinity : job.startedAt + job.script.duration;
  return end < limit ? { at: end, kind: 'job_end' } : { at: limit, kind: 'job_limit' };
}
