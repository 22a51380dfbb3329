import { describe, expect, it } from '@jest/globals';
import { givenLimits } from '../../../test/support/given.js';
import { closeCodes, type CloseCode } from '../../kernel/session/session.js';
import { seconds } from '../../kernel/time.js';
import { whyEnded } from './endings.js';

const theirs = 'its own sentence';
const said = {
  max_ttl: 'its life time of 1000 s is over',
  active_ttl: 'its working time of 300 s is used up',
  ...{ interactive_ttl: 'it had nothing left to do', unused_ttl: 'it had nothing left to do' },
  ...{ heartbeat_ttl: 'it had nothing left to do', drained: 'it had nothing left to do' },
  ...{ budget_reached: theirs, closed_by_user: theirs, closed_by_admin: theirs, stopped: theirs },
  ...{ runner_lost: theirs, runner_ended: theirs, runner_not_started: theirs },
} as const satisfies Record<CloseCode, string>;

describe('why a session was not completed, for users of Nexosis', () => {
  const job = { jobReason: 'the job says so', jobLimit: seconds(20), ending: null };

  it.each(closeCodes)('because it was closed: %s', (closeCode) => {
    const ending = { closeCode, stateReason: theirs, limits: givenLimits };
    expect(whyEnded({ ...job, jobEndCode: 'session_closed', ending })).toBe(
      `the session was closed before its calculation was done: ${said[closeCode]}`,
    );
  });

  it.each([
    ['ran_too_long', 'ran too long: its time limit of 20 s is over'],
    ['session_closed', 'the session was closed before its calculation was done'],
    ['runner_lost', 'the job says so'],
    [null, 'the job says so'],
  ] as const)('because its job ended: %s', (jobEndCode, words) => {
    expect(whyEnded({ ...job, jobEndCode })).toBe(words);
  });
});
