import { describe, expect, it } from '@jest/globals';
import { givenJob, givenSession } from '../../../test/support/given.js';
import type { EndCode } from '../../kernel/job/job.js';
import { closeCodes, type CloseCode } from '../../kernel/session/session.js';
import { seconds } from '../../kernel/time.js';
import { closeReason, failureReason } from './endings.js';

const theirs = 'its own sentence';
const said = {
  max_ttl: 'ttl of 20 s expired',
  active_ttl: 'active time limit of 15 s expired',
  interactive_ttl: 'idleTimeout of 10 s expired',
  unused_ttl: 'unused for 5 s',
  heartbeat_ttl: 'its client was silent for 3 s',
  drained: 'drained: it accepts no more statements and has none left',
  ...{ budget_reached: theirs, closed_by_user: theirs, closed_by_admin: theirs, stopped: theirs },
  ...{ runner_lost: theirs, runner_ended: theirs, runner_not_started: theirs },
} as const satisfies Record<CloseCode, string>;

describe('why a session ended, for users of Livy', () => {
  const [maxTtl, activeTtl, interactiveTtl, unusedTtl, heartbeatTtl] = [20, 15, 10, 5, 3].map(seconds);
  const limits = { maxTtl, activeTtl, interactiveTtl, unusedTtl, heartbeatTtl } as Record<string, number>;
  it.each(closeCodes)('%s', (closeCode) => {
    const session = givenSession({ state: 'closed', closeCode, stateReason: theirs, limits });
    expect(closeReason(session)).toBe(said[closeCode]);
  });

  it('where an earlier version closed it for a reason without a code', () => {
    expect(closeReason(givenSession({ state: 'closed', closeCode: null, stateReason: theirs }))).toBe(theirs);
  });
});

describe('why a statement or batch was not done', () => {
  it.each<[EndCode | null, string]>([
    ['ran_too_long', 'ran too long: its time limit of 20 s is over'],
    ['session_closed', 'its session ended before it was done'],
    ['runner_lost', theirs],
    [null, theirs],
  ])('%s', (endCode, words) => {
    expect(failureReason(givenJob({ endCode, reason: theirs, maxExecutionTime: seconds(20) }))).toBe(words);
  });
});
