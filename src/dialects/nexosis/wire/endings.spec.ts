import { describe, expect, it } from '@jest/globals';
import { givenLimits } from '../../../../test/support/given.js';
import { closeCodes, type CloseCode } from '../../../kernel/session/session.js';
import { seconds } from '../../../kernel/time.js';
import { failureReason } from './endings.js';

const storedReason = 'its own sentence';
const closeReasons = {
  max_ttl: 'its life time of 1000 s is over',
  active_ttl: 'its working time of 300 s is used up',
  ...{ interactive_ttl: 'it had nothing left to do', unused_ttl: 'it had nothing left to do' },
  ...{ heartbeat_ttl: 'it had nothing left to do', drained: 'it had nothing left to do' },
  ...{
    budget_reached: storedReason,
    closed_by_user: storedReason,
    closed_by_admin: storedReason,
    stopped: storedReason,
  },
  ...{ runner_lost: storedReason, runner_ended: storedReason, runner_not_started: storedReason },
} as const satisfies Record<CloseCode, string>;

describe('the reason why a session did not complete', () => {
  const job = { jobReason: 'the job says so', jobLimit: seconds(20), ending: null };

  it.each(closeCodes)('names the close code %s in words', (closeCode) => {
    const ending = { closeCode, stateReason: storedReason, limits: givenLimits };
    expect(failureReason({ ...job, jobEndCode: 'session_closed', ending })).toBe(
      `the session was closed before its calculation was done: ${closeReasons[closeCode]}`,
    );
  });

  it.each([
    ['ran_too_long', 'ran too long: its time limit of 20 s is over'],
    ['session_closed', 'the session was closed before its calculation was done'],
    ['runner_lost', 'the job says so'],
    [null, 'the job says so'],
  ] as const)('names the end code %s in words', (jobEndCode, words) => {
    expect(failureReason({ ...job, jobEndCode })).toBe(words);
  });
});
