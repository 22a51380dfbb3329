import type { Ending } from '../../../kernel/session/session.js';
import { toSeconds, toWholeSeconds } from '../../../kernel/time.js';
import type { LearnSessionView } from '../storage/ports.js';

/** Returns why the calculation of a session did not complete, in this dialect's words. Null if no reason is stored. */
export function whyEnded({
  jobReason,
  jobEndCode,
  jobLimit,
  ending,
}: Pick<LearnSessionView, 'jobReason' | 'jobEndCode' | 'jobLimit' | 'ending'>): string | null {
  switch (jobEndCode) {
    case 'ran_too_long':
      return `ran too long: its time limit of ${toSeconds(jobLimit)} s is over`;
    case 'session_closed':
      return `the session was closed before its calculation was done${ending === null ? '' : `: ${whyClosed(ending)}`}`;
    // The program, the runner or the user who cancelled the job gave the reason.
    case 'runner_lost':
    case null:
      return jobReason;
  }
}

function whyClosed({ closeCode, stateReason, limits }: Ending): string {
  switch (closeCode) {
    case 'max_ttl':
      return `its life time of ${toWholeSeconds(limits.maxTtl)} s is over`;
    case 'active_ttl':
      return `its working time of ${toWholeSeconds(limits.activeTtl)} s is used up`;
    case 'interactive_ttl':
    case 'unused_ttl':
    case 'heartbeat_ttl':
    case 'drained':
      return 'it had nothing left to do';
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
