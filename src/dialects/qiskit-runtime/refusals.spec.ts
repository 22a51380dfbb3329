import { describe, expect, it } from '@jest/globals';
import { kernelId as id, refusalCases } from '../../../test/support/refusals.js';
import type { RefusalCode } from '../../kernel/refusal.js';
import { answerTo, type OperatorCode } from '../refusals.js';
import type { QiskitRefusal } from './refusal-kinds.js';
import { refusals } from './refusals.js';

/** The answers to the examples of each refusal, in the order of the examples. */
const expected = {
  limit_too_short: [
    ['invalid_value', 'max_ttl of 0.5 s is too short.', 'The minimum is 1 s.'],
    ['invalid_value', 'active_ttl of 0 s is too short.', 'The minimum is 1 s.'],
    ['invalid_value', 'interactive_ttl of -1 s is too short.', 'The minimum is 1 s.'],
    ['invalid_value', 'max_execution_time (cost) of 0 s is too short.', 'The minimum is 1 s.'],
  ],
  limit_exceeded: [
    [
      'limit_exceeded',
      'max_ttl of 99999 s is more than the limit of 28800 s.',
      'Ask for at most 28800 s, or leave it out to get the default.',
    ],
    [
      'limit_exceeded',
      'active_ttl of 21 s is more than the limit of 20 s.',
      'Ask for at most 20 s, or leave it out to get the default.',
    ],
    [
      'limit_exceeded',
      'interactive_ttl of 61 s is more than the limit of 60 s.',
      'Ask for at most 60 s, or leave it out to get the default.',
    ],
  ],
  limits_out_of_order: [
    [
      'invalid_value',
      'interactive_ttl of 60 s is longer than the active_ttl of 20 s.',
      'The rule is interactive_ttl ≤ active_ttl ≤ max_ttl.',
    ],
    [
      'invalid_value',
      'active_ttl of 60 s is longer than the max_ttl of 20 s.',
      'The rule is interactive_ttl ≤ active_ttl ≤ max_ttl.',
    ],
  ],
  job_limit_exceeded: [
    [
      'limit_exceeded',
      "max_execution_time (cost) of 21 s is more than the backend's limit of 20 s.",
      'Ask for at most 20 s, or leave it out.',
    ],
    [
      'limit_exceeded',
      "max_execution_time (cost) of 21 s is more than the plan's limit of 20 s.",
      'Ask for at most 20 s, or leave it out.',
    ],
    [
      'limit_exceeded',
      "max_execution_time (cost) of 21 s is more than the session's max_ttl of 20 s.",
      'Ask for at most 20 s, or leave it out.',
    ],
  ],
  script_invalid: [
    [
      'invalid_value',
      'params of a scripted job must be a JSON object.',
      'For example {"duration": 5, "outcome": "completed", "result": 42}.',
    ],
    [
      'invalid_value',
      'params.duration must be a number of seconds, 0 or more.',
      'For example {"duration": 5, "outcome": "completed", "result": 42}.',
    ],
    [
      'invalid_value',
      'params.outcome must be "completed" or "failed".',
      'For example {"duration": 5, "outcome": "completed", "result": 42}.',
    ],
  ],
  unknown_page: [
    [
      'invalid_value',
      `next of ${id} belongs to no page.`,
      'Send the next of the previous page, or leave it out to get the first page.',
    ],
  ],
  no_backend: [['unknown_backend', 'No backend is configured yet.']],
  unknown_backend: [
    ['unknown_backend', 'There is no backend called b9.', 'Backends here: b1, b2.'],
    ['unknown_backend', 'There is no backend called b9.', 'No backend is configured yet.'],
  ],
  unknown_program: [
    ['unknown_program', 'There is no program called sampler.', 'Programs here: scripted.'],
    ['unknown_program', 'There is no program called sampler.', 'No backend is configured yet.'],
  ],
  backend_lacks_program: [
    ['unknown_program', 'Backend b1 has no program called forecast.', 'It runs: sampler, estimator.'],
  ],
  unknown_session: [
    ['unknown_session', `There is no session ${id} in instance lab-a.`],
    ['unknown_session', `There is no session ${id}.`],
  ],
  unknown_session_for_job: [
    ['unknown_session', `There is no session ${id} in instance lab-a.`, 'Open one with POST /sessions.'],
  ],
  session_of_other_instance: [
    [
      'unknown_session',
      `There is no session ${id} in instance lab-a.`,
      'It belongs to instance lab-b: send Service-CRN crn:v1:b.',
    ],
  ],
  unknown_job: [
    ['unknown_job', `There is no job ${id} in instance lab-a.`],
    ['unknown_job', `There is no job ${id}.`],
  ],
  instance_gone: [['unknown_instance', 'The instance of this token no longer exists.']],
  unknown_user: [['invalid_value', 'Nobody called eve ever had a token.']],
  filter_empty: [
    ['invalid_value', 'The filter by backend is empty.', 'Name what to look for, or leave the filter out.'],
  ],
  session_closed: [
    [
      'session_closed',
      `Session ${id} is closed: max_ttl of 1000 s expired.`,
      'Open a new session and submit the job there.',
    ],
    [
      'session_closed',
      `Session ${id} is closed: drained: it accepts no jobs and has none left.`,
      'Open a new session and submit the job there.',
    ],
    [
      'session_closed',
      `Session ${id} is closed: no reason was recorded.`,
      'Open a new session and submit the job there.',
    ],
  ],
  session_not_accepting: [
    [
      'session_not_accepting',
      `Session ${id} accepts no more jobs: it is being drained.`,
      'Open a new session, or send PATCH with accepting_jobs true before this one closes.',
    ],
  ],
  session_elsewhere: [
    [
      'session_elsewhere',
      `Session ${id} is on backend b1, not on b2.`,
      'Submit to b1, or leave the session out.',
    ],
  ],
  job_final: [
    ['job_final', `Job ${id} is already completed.`, 'Only a queued or running job can be cancelled.'],
  ],
  job_not_final: [
    ['job_not_final', `Job ${id} is still running.`, 'Cancel it first, or wait until it ends.'],
    ['job_not_final', `Job ${id} is still queued.`, 'Cancel it first, or wait until it ends.'],
  ],
  key_reused: [
    [
      'key_reused',
      'This Idempotency-Key was already used with another body.',
      'Use a new key for a new request, or repeat the same body to get the same answer.',
    ],
  ],
  mode_not_allowed: [
    [
      'mode_not_allowed',
      'The plan of instance lab-a does not allow dedicated sessions.',
      'Submit lone jobs instead.',
    ],
    [
      'mode_not_allowed',
      'The plan of instance lab-a does not allow dedicated sessions.',
      'It allows: batch.',
    ],
    [
      'mode_not_allowed',
      'The plan of instance lab-a does not allow batch sessions.',
      'It allows: dedicated.',
    ],
  ],
  budget_reached: [
    [
      'budget_reached',
      'Instance lab-a: budget of 60 s reached.',
      'Wait until then, or ask an admin for a larger budget (PATCH /api/v1/admin/instances).',
    ],
    [
      'budget_reached',
      'Instance lab-a: budget of 60 s reached. Room is made from 2027-01-15T08:00:09.000Z on.',
      'Wait until then, or ask an admin for a larger budget (PATCH /api/v1/admin/instances).',
    ],
    [
      'budget_reached',
      'Instance lab-a: budget of 60 s reached. No room is made before 2027-01-15T08:00:09.000Z.',
      'Wait until then, or ask an admin for a larger budget (PATCH /api/v1/admin/instances).',
    ],
  ],
  too_many_pending: [
    [
      'too_many_pending',
      'Instance lab-a has reached the limit of its plan of 1 pending job.',
      'Wait until one has started, or cancel one, before you submit another.',
    ],
    [
      'too_many_pending',
      'Instance lab-a has reached the limit of its plan of 3 pending jobs.',
      'Wait until one has started, or cancel one, before you submit another.',
    ],
  ],
  session_not_yours: [
    ['forbidden', `Session ${id} is for bert or an admin to drain.`],
    ['forbidden', `Session ${id} is for bert or an admin to close.`],
  ],
  job_not_yours: [
    ['forbidden', `Job ${id} is for bert or an admin to cancel.`],
    ['forbidden', `Job ${id} is for bert or an admin to remove.`],
  ],
  session_not_shared: [
    [
      'forbidden',
      `Session ${id} is bert's: only bert or an admin may run jobs in it.`,
      'Use one of your own. An admin can let colleagues in instance lab-a do this (sharing: use).',
    ],
    [
      'forbidden',
      `Session ${id} is bert's: only bert or an admin may resume it.`,
      'Use one of your own. An admin can let colleagues in instance lab-a do this (sharing: use).',
    ],
  ],
  job_not_shared: [
    [
      'forbidden',
      `Job ${id} is bert's: only bert or an admin may change its tags.`,
      'Use one of your own. An admin can let colleagues in instance lab-a do this (sharing: use).',
    ],
    [
      'forbidden',
      `Job ${id} is bert's: only bert or an admin may read its result, which can be read once.`,
      'Use one of your own. An admin can let colleagues in instance lab-a do this (sharing: use).',
    ],
  ],
  admin_only: [['forbidden', 'This call needs an admin token; yours is a user token.']],
  cross_site_password: [
    [
      'forbidden',
      'A page of another site sent this request, and with HTTP Basic the service cannot tell whether the user wanted it.',
      'Send the token as "Authorization: Bearer <token>".',
    ],
  ],
  other_instance: [
    [
      'forbidden',
      'This token acts for instance lab-a, not for crn:v1:b.',
      'Use Service-CRN crn:v1:a, or a token made for the other instance.',
    ],
  ],
  other_instance_unknown: [
    ['forbidden', 'There is no instance crn:v1:z.', 'GET /api/v1/admin/instances lists all with their CRNs.'],
  ],
  other_instance_by_name: [
    [
      'forbidden',
      'Service-CRN must be a CRN, but lab-b is the name of an instance.',
      'Send Service-CRN crn:v1:b.',
    ],
    [
      'forbidden',
      'instance must be a CRN, but lab-b is the name of an instance.',
      'Send Service-CRN crn:v1:b.',
    ],
  ],
  other_instance_unannounced: [
    ['forbidden', 'This request acts for instance lab-a, not for lab-b.', 'Send Service-CRN crn:v1:b.'],
  ],
  illegal_transition: [
    ['illegal_transition', `Session ${id} is closed: jobStarted is not possible.`],
    ['illegal_transition', `Job ${id} is completed: start is not possible.`],
  ],
  deadline_without_effect: [['illegal_transition', `The deadline of session ${id} has no effect.`]],
} as const satisfies { readonly [C in Exclude<RefusalCode, OperatorCode>]: readonly Expected[] };

type Expected = readonly [kind: QiskitRefusal['kind'], message: string, solution?: string];
const expectedOf: Readonly<Partial<Record<RefusalCode, readonly Expected[]>>> = expected;

describe("the answer to users of IBM's clients and to operators", () => {
  it.each(refusalCases.filter(({ code }) => code in expected))(
    '$code: $refusal.message',
    ({ code, nth, refusal }) => {
      const { kind, message, solution } = answerTo(refusals, refusal);
      expect(solution === undefined ? [kind, message] : [kind, message, solution]).toEqual(
        expectedOf[code]?.[nth],
      );
    },
  );
});
