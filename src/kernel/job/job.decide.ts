import { transition } from 'xstate';
import { Refusal, type Refusals } from '../refusal.js';
import { seconds, toSeconds, type Millis } from '../time.js';
import type { LedgerEntry } from '../usage/usage.js';
import { jobMachine, type JobEventType } from './job.machine.js';
import { defaultMaxAttempts, isFinal, type EndCode, type Job, type JobState, type Stop } from './job.js';

/** The result of one event: the new row and the ledger entries, to be saved in one transaction. */
export interface JobDecision {
  readonly job: Job;
  readonly ledger: readonly LedgerEntry[];
}

/** The result of an attempt, as reported by a runner or computed from a script. */
export type AttemptOutcome =
  | { readonly type: 'completed' }
  | {
      readonly type: 'failed';
      readonly reason: string;
      readonly reasonCode: number | null;
      readonly endCode?: EndCode;
    }
  | { readonly type: 'stopped' };

/** Starts an attempt on a free lane of `slot` at `at`, with a new fencing `token`. */
export function startJob(job: Job, slot: number, token: string, at: Millis): Job {
  return { ...job, state: nextState(job, 'start'), startedAt: at, slot, token, attempts: job.attempts + 1 };
}

/** Ends the attempt. A job that was asked to stop is cancelled, however its runner ended. */
export function endJob(job: Job, outcome: AttemptOutcome, at: Millis): JobDecision {
  if (job.stop !== null || outcome.type === 'stopped') {
    const { reason = 'cancelled', endCode = null } = job.stop ?? {};
    return endAttempt(job, nextState(job, 'stopped'), { reason, endCode, reasonCode: null }, at);
  }
  if (outcome.type === 'completed')
    return endAttempt(job, nextState(job, 'complete'), { reason: null, endCode: null, reasonCode: null }, at);
  const { reason, reasonCode, endCode = null } = outcome;
  return endAttempt(job, nextState(job, 'fail'), { reason, reasonCode, endCode }, at);
}

/** Stops a job for a user or a limit. A queued or scripted job ends now; any other when its runner has ended. */
export function stopJob(job: Job, stop: Stop): JobDecision {
  if (isFinal(job.state)) {
    throw new Refusal('job_final', { job: job.id, state: job.state });
  }
  const state = nextState(job, 'stop');
  if (state === 'cancelled') {
    const { reason, endCode } = stop;
    return { job: { ...job, state, reason, endCode, endedAt: stop.at }, ledger: [] };
  }
  // The first request decides the reason; later requests change nothing.
  const stopping = { ...job, state, stop: job.stop ?? stop };
  return job.script === null ? { job: stopping, ledger: [] } : endJob(stopping, { type: 'stopped' }, stop.at);
}

/** Returns the stop of a job whose `max_execution_time` has expired. */
export const limitStop = (job: Job, at: Millis): Stop => ({
  at,
  reason: `ran too long: its max_execution_time of ${toSeconds(job.maxExecutionTime)} s is over`,
  endCode: 'ran_too_long',
});

/** Makes the current attempt the last one, because the program must not run twice (semantics: runner lost). */
export const allowNoAttemptAfter = (job: Job): Job => ({
  ...job,
  maxAttempts: Math.min(job.maxAttempts, job.attempts),
});

/**
 * Handles the loss of the runner: re-queues the job if attempts are left, else fails it. The service is to blame for a
 * lost attempt and does not charge it. `why`: a clause for the reason. `sessionClosed`: the job cannot be queued again.
 */
export function loseJob(job: Job, at: Millis, why: string, sessionClosed: boolean): JobDecision {
  // If the runner of a stopping job is lost, the job has ended as requested.
  if (job.stop !== null) return endJob(job, { type: 'stopped' }, at);
  const lost = { ...job, startedAt: null, slot: null, token: null };
  if (sessionClosed) {
    const reason = `its runner was lost and its session is closed: ${why}`;
    const failed = {
      ...lost,
      state: nextState(job, 'sessionClosed'),
      reason,
      endCode: 'session_closed' as const,
    };
    return { job: { ...failed, endedAt: at }, ledger: [] };
  }
  if (job.attempts < job.maxAttempts) return { job: { ...lost, state: nextState(job, 'lose') }, ledger: [] };
  const reason =
    job.maxAttempts < defaultMaxAttempts
      ? `its runner was lost and its program must not run twice: ${why}`
      : `its runner was lost ${job.attempts} times and no attempt is left: ${why}`;
  const failed = {
    ...lost,
    state: nextState(job, 'giveUp'),
    reason,
    endCode: 'runner_lost' as const,
    endedAt: at,
  };
  return { job: failed, ledger: [] };
}

/** Returns the changes to a queued job whose session closes. */
export const closedWithSession = (stateReason: string) => ({
  state: 'failed' as const,
  reason: `its session was closed before it could start: ${stateReason}`,
  endCode: 'session_closed' as const,
});

function endAttempt(
  job: Job,
  state: JobState,
  why: Pick<Job, 'reason' | 'endCode' | 'reasonCode'>,
  at: Millis,
): JobDecision {
  const { startedAt: from, slot, backend, instance, chargedTo: user, session, id } = job;
  if (from === null || slot === null)
    throw new Refusal('illegal_transition', { of: 'job', id, state: job.state, event: 'end' });
  const ended: Job = {
    ...job,
    ...why,
    state,
    endedAt: at,
    slot: null,
    token: null,
    stop: null,
    used: job.used + at - from,
  };
  if (job.mode === 'dedicated' || from === at) return { job: ended, ledger: [] };
  return {
    job: ended,
    ledger: [{ kind: 'job', backend, slot, instance, user, session, job: id, from, to: at }],
  };
}

function nextState(job: Job, type: JobEventType): JobState {
  const before = jobMachine.resolveState({ value: job.state, context: {} });
  if (!before.can({ type })) {
    throw new Refusal('illegal_transition', { of: 'job', id: job.id, state: job.state, event: type });
  }
  return transition(jobMachine, before, { type })[0].value as JobState;
}

/** Refuses one more queued job if the instance already has as many as its plan allows (`most`). */
export function checkPending(queued: number, most: number, instance: string): void {
  if (queued < most) return;
  throw new Refusal('too_many_pending', { instance, most });
}

/** A limit, and whose limit it is. */
type Bound = readonly [Millis, Refusals['job_limit_exceeded']['whose']];

/** Returns the granted limit. Refuses one that is longer than the backend, the plan or the session allows. */
export function checkJobLimit(
  requested: Millis | undefined,
  backendMost: Millis,
  planMost: Millis | undefined,
  sessionMost: Millis | undefined,
): Millis {
  const [allowed, bound]: Bound =
    planMost !== undefined && planMost < backendMost ? [planMost, 'plan'] : [backendMost, 'backend'];
  if (requested === undefined) return allowed;
  if (requested < seconds(1))
    throw new Refusal('limit_too_short', { limit: 'maxExecutionTime', value: requested });
  const [most, whose]: Bound =
    sessionMost !== undefined && sessionMost < allowed ? [sessionMost, 'session'] : [allowed, bound];
  if (requested <= most) return requested;
  throw new Refusal('job_limit_exceeded', { value: requested, most, whose });
}
