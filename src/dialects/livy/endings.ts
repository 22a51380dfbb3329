import type { Job } from '../../kernel/job/job.js';
import type { Ending } from '../../kernel/session/session.js';
import { toSeconds, toWholeSeconds, type Millis } from '../../kernel/time.js';

/**
 * Why a session ended, in a clause with the words of this dialect. What a person or a process said stands in the sentence that
 * is stored; what a clock or the rules did is said by the names that clients gave to the limits.
 */
export function whyEnded({ closeCode, stateReason, limits }: Ending): string {
  const s = (time: Millis): string => `${toWholeSeconds(time)} s`;
  switch (closeCode) {
    case 'max_ttl':
      return `ttl of ${s(limits.maxTtl)} expired`;
    case 'active_ttl':
      return `limit on its active time of ${s(limits.activeTtl)} expired`;
    case 'interactive_ttl':
      return `idleTimeout of ${s(limits.interactiveTtl)} expired`;
    case 'unused_ttl':
      return `unused for ${s(limits.unusedTtl)}`;
    case 'heartbeat_ttl':
      return `its client was silent for ${s(limits.heartbeatTtl ?? 0)}`;
    case 'drained':
      return 'drained: it accepts no more statements and has none left';
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

/** Why a statement or a batch did not complete; null where nobody said why. */
export function whyNotDone({
  endCode,
  reason,
  maxExecutionTime,
}: Pick<Job, 'endCode' | 'reason' | 'maxExecutionTime'>): string | null {
  switch (endCode) {
    case 'ran_too_long':
      return `ran too long: its time limit of ${toSeconds(maxExecutionTime)} s is over`;
    case 'session_closed':
      return 'its session ended before it was done';
    // The words of its program, of its process, or of who cancelled it.
    case 'runner_lost':
    case null:
      return reason;
  }
}
