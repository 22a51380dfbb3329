import type { Job } from '../../kernel/job/job.js';
import type { Ending } from '../../kernel/session/session.js';
import { toWholeSeconds, type Millis } from '../../kernel/time.js';
import { explainClose, explainFailure, type CloseClauses } from '../endings.js';

const s = (time: Millis): string => `${toWholeSeconds(time)} s`;

/** Names each limit as Livy's clients name it. */
const clauses: CloseClauses = {
  max_ttl: ({ maxTtl }) => `ttl of ${s(maxTtl)} expired`,
  active_ttl: ({ activeTtl }) => `active time limit of ${s(activeTtl)} expired`,
  interactive_ttl: ({ interactiveTtl }) => `idleTimeout of ${s(interactiveTtl)} expired`,
  unused_ttl: ({ unusedTtl }) => `unused for ${s(unusedTtl)}`,
  heartbeat_ttl: ({ heartbeatTtl }) => `its client was silent for ${s(heartbeatTtl ?? 0)}`,
  drained: () => 'drained: it accepts no more statements and has none left',
};

/** Returns why a session closed, as a clause. */
export const closeReason = (ending: Ending): string => explainClose(clauses, ending);

/** Returns why a statement or a batch did not complete, as a clause; null if no reason is stored. */
export const failureReason = (job: Pick<Job, 'endCode' | 'reason' | 'maxExecutionTime'>): string | null =>
  explainFailure(job, 'its session ended before it was done');
