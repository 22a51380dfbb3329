import { describe, expect, it } from '@jest/globals';
import { inLivysWords } from './words.js';

const id = '0190f7a0-1234-7abc-8def-0123456789ab';

describe("a sentence of the kernel's, for users of Livy", () => {
  it.each([
    ['interactive_ttl of 20 s expired', 'idleTimeout of 20 s expired'],
    ['max_ttl of 20 s expired', 'ttl of 20 s expired'],
    ['active_ttl of 20 s expired', 'limit on its active time of 20 s expired'],
    ['unused for 20 s (unused_ttl expired)', 'unused for 20 s'],
    ['its client was silent for 10 s (heartbeat_ttl expired)', 'its client was silent for 10 s'],
    [
      'interactive_ttl of 60 s is longer than the active_ttl of 20 s. The rule is interactive_ttl ≤ active_ttl ≤ max_ttl.',
      'idleTimeout of 60 s is longer than the limit on its active time of 20 s. The rule is idleTimeout ≤ ttl.',
    ],
    [
      `Session ${id} accepts no more jobs: it is being drained. Open a new session, or send PATCH with accepting_jobs true while this one is not closed.`,
      'The session accepts no more statements: it is being drained. Open a new session.',
    ],
    [
      `Session ${id} is closed: drained: it accepts no jobs and has none left. Open a new session and submit the job there.`,
      'The session is closed: drained: it accepts no more statements and has none left. Open a new session and run the code there.',
    ],
    [
      'The plan of instance lab does not allow dedicated sessions. Submit lone jobs instead.',
      'The plan of instance lab does not allow interactive sessions. Submit a batch instead.',
    ],
    [
      'The plan of instance lab does not allow dedicated sessions. It allows: batch.',
      'The plan of instance lab does not allow interactive sessions. Submit a batch instead.',
    ],
    [
      'Wait until then, or ask an admin for a larger budget (PATCH /api/v1/admin/instances).',
      'Wait until then, or ask an admin for a larger budget.',
    ],
    ['ran too long: its max_execution_time of 20 s is over', 'ran too long: its time limit of 20 s is over'],
  ])('%s', (said, own) => {
    expect(inLivysWords(said)).toBe(own);
  });
});
