import type { Job } from '../kernel/job/job.js';
import type { Ending, SessionLimits } from '../kernel/session/session.js';
import { toSeconds } from '../kernel/time.js';

/** A dialect's clauses for the sessions that a clock closed, or that closed because they were drained. */
export type CloseClauses = {
  readonly [C in 'max_ttl' | 'active_ttl' | 'interactive_ttl' | 'unused_ttl' | 'heartbeat_ttl' | 'drained']: (
    limits: SessionLimits,
  ) => string;
};

/** Returns why a session closed, as a clause. For a close code without a clause, returns the stored sentence. */
export function explainClose(clauses: CloseClauses, { closeCode, stateReason, limits }: Ending): string {
  switch (closeCode) {
    case 'max_ttl':
    case 'active_ttl':
    case 'interactive_ttl':
    case 'unused_ttl':
    case 'heartbeat_ttl':
    case 'drained':
      return clauses[closeCode](limits);
    case 'budget_reached':
    case 'closed_by_user':
    case 'closed_by_admin':
    case 'stopped':
    case 'runner_lost':
    case 'runner_ended':
    case 'runner_not_started':
    case null:
      return stateReason ?? 'no reason was recorded';
  }
}

/**
 * Returns why a job did not complete, as a clause; null if no reason is stored. `sessionClosed` is the dialect's clause
 * for a job that ended because its session closed.
 */
export function explainFailure(
  { endCode, reason, maxExecutionTime }: Pick<Job, 'endCode' | 'reason' | 'maxExecutionTime'>,
  sessionClosed: string,
): string | null {
  switch (endCode) {
    case 'ran_too_long':
      return `ran too long: its time limit of ${toSeconds(maxExecutionTime)} s is over`;
    case 'session_closed':
      return sessionClosed;
    // The reason comes from the program, from the runner, or from the person who cancelled the job.
    case 'runner_lost':
    case null:
      return reason;
  }
}
