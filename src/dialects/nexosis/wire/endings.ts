import { toWholeSeconds } from '../../../kernel/time.js';
import { explainClose, explainFailure, type CloseClauses } from '../../endings.js';
import type { LearnSessionView } from '../storage/ports.js';

const nothingToDo = () => 'it had nothing left to do';

const clauses: CloseClauses = {
  max_ttl: ({ maxTtl }) => `its life time of ${toWholeSeconds(maxTtl)} s is over`,
  active_ttl: ({ activeTtl }) => `its working time of ${toWholeSeconds(activeTtl)} s is used up`,
  interactive_ttl: nothingToDo,
  unused_ttl: nothingToDo,
  heartbeat_ttl: nothingToDo,
  drained: nothingToDo,
};

/** Returns why the calculation of a session did not complete, as a clause; null if no reason is stored. */
export function failureReason({
  jobReason,
  jobEndCode,
  jobLimit,
  ending,
}: Pick<LearnSessionView, 'jobReason' | 'jobEndCode' | 'jobLimit' | 'ending'>): string | null {
  const why = ending === null ? '' : `: ${explainClose(clauses, ending)}`;
  return explainFailure(
    { endCode: jobEndCode, reason: jobReason, maxExecutionTime: jobLimit },
    `the session was closed before its calculation was done${why}`,
  );
}
