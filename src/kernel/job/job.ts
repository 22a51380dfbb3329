import type { Millis } from '../time.js';
import { seconds } from '../time.js';
import type { SessionMode } from '../session/session.js';

/**
 * - `queued`: accepted and waiting. Entered on submit and again when a runner is lost.
 * - `running`: has a lane. Left when the runner answers, when it is gone after a stop, or when it is lost.
 * - `completed`, `failed`, `cancelled`: final.
 */
export const jobStates = ['queued', 'running', 'completed', 'failed', 'cancelled'] as const;
export type JobState = (typeof jobStates)[number];

/** How a job without a process behaves (driver `scripted`): it ends by itself after `duration`. */
export interface Script {
  readonly duration: Millis;
  readonly outcome: 'completed' | 'failed';
}

/**
 * Why a job ended for which its program is not to blame:
 * - `session_closed`: before it could start, or before it could start again.
 * - `ran_too_long`: for longer than its `maxExecutionTime`.
 * - `runner_lost`: as often as it may be, or with the process that its session had for itself.
 */
export const endCodes = ['session_closed', 'ran_too_long', 'runner_lost'] as const;
export type EndCode = (typeof endCodes)[number];

/** Someone wants a running job to stop. It keeps its lane until the runner is gone. */
export interface Stop {
  readonly at: Millis;
  readonly reason: string;
  /** Null for a user or an admin. */
  readonly endCode: EndCode | null;
}

export interface Job {
  readonly id: string;
  /** Submission order over the whole service. */
  readonly seq: number;
  readonly backend: string;
  readonly instance: string;
  /** Who submitted it. */
  readonly user: string;
  /** Who is charged for it: the owner of its session, or whoever submitted a lone job. */
  readonly chargedTo: string;
  readonly session: string | null;
  /** `job`: alone. Otherwise its session's mode, which decides who is charged. */
  readonly mode: 'job' | SessionMode;
  readonly program: string;

  readonly state: JobState;
  readonly reason: string | null;
  /** Why the service ended it; null for one that ended by itself, or that someone cancelled. */
  readonly endCode: EndCode | null;
  /** A number with which its program says what is wrong, 1000 to 9999, or null. */
  readonly reasonCode: number | null;

  readonly createdAt: Millis;
  readonly startedAt: Millis | null;
  readonly endedAt: Millis | null;
  readonly maxExecutionTime: Millis;
  readonly script: Script | null;

  /** Attempts begun so far, and how many the program allows. */
  readonly attempts: number;
  readonly maxAttempts: number;
  /** Fencing token of the running attempt: an answer that carries another one is late and ignored. */
  readonly token: string | null;
  readonly slot: number | null;
  readonly stop: Stop | null;
  /** Time on a lane, over the attempts that count. */
  readonly used: Millis;
}

/** Runners may be lost this often before the job is given up (semantics: jobs). */
export const defaultMaxAttempts = 3;

/** How long a runner that was asked to stop is waited for before it is killed (semantics: jobs). */
export const stopGrace: Millis = seconds(10);

export const isFinal = (state: JobState): boolean => state !== 'queued' && state !== 'running';

/** When the clock must next look at a job, and why; null while nothing about it can expire. */
export function jobDeadlineOf(
  job: Job,
): { readonly at: Millis; readonly kind: 'job_limit' | 'job_end' | 'kill' } | null {
  if (job.state !== 'running' || job.startedAt === null) return null;
  if (job.stop !== null) return { at: job.stop.at + stopGrace, kind: 'kill' };
  const limit = job.startedAt + job.maxExecutionTime;
  const end = job.script === null ? Infinity : job.startedAt + job.script.duration;
  return end < limit ? { at: end, kind: 'job_end' } : { at: limit, kind: 'job_limit' };
}
