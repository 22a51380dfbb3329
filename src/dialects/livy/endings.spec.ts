import { describe, expect, it } from '@jest/globals';
import { givenJob, givenSession } from '../../../test/support/given.js';
import type { EndCode } from '../../kernel/job/job.js';
import { closeCodes, type CloseCode } from '../../kernel/session/session.js';
import { seconds } from '../../kernel/time.js';
import { closeReason, failureReason } from './endings.js';

const stored = 'the stored sentence';
const clauses = {
  max_ttl: 'ttl of 20 s expired',
  active_ttl: 'active time limit of 15 s expired',
  interactive_ttl: 'idleTimeout of 10 s expired',
  unused_ttl: 'unused for 5 s',
  heartbeat_ttl: 'its client was silent for 3 s',
  drained: 'drained: it accepts no more statements and has none left',
  ...{ budget_reached: stored, closed_by_user: stored, closed_by_admin: stored, stopped: stored },
  ...{ runner_lost: stored, runner_ended: stored, runner_not_started: stored },
} as const satisfies Record<CloseCode, string>;

describe('the reason why a session closed', () => {
  const [maxTtl, activeTtl, interactiveTtl, unusedTtl, heartbeatTtl] = [20, 15, 10, 5, 3].map(seconds);
  const limits = { maxTtl, activeTtl, interactiveTtl, unusedTtl, heartbeatTtl } as Record<string, number>;
  it.each(closeCodes)('%s', (closeCode) => {
    const session = givenSession({ state: 'closed', closeCode, stateReason: stored, limits });
    expect(closeReason(session)).toBe(clauses[closeCode]);
  });

  it('is the stored sentence if an earlier version closed it without a code', () => {
    expect(closeReason(givenSession({ state: 'closed', closeCode: null, stateReason: stored }))).toBe(stored);
  });
});

describe('the reason why a statement or batch did not complete', () => {
  it.each<[EndCode | null, string]>([
    ['ran_too_long', 'ran too long: its time limit of 20 s is over'],
    ['session_closed', 'its session ended before it was done'],
    ['runner_lost', stored],
    [null, stored],
  ])('%s', (endCode, clause) => {
    expect(failureReason(givenJob({ endCode, reason: stored, maxExecutionTime: seconds(20) }))).toBe(clause);
  });
});
