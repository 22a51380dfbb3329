import { describe, expect, it } from '@jest/globals';
import { refusalCases } from '../../../test/support/refusals.js';
import type { RefusalCode } from '../../kernel/refusal.js';
import { answerTo } from '../refusals.js';
import { refusals, type LivyRefusal } from './refusals.js';

const operators = [400, 'Only the operator of this service can ask for that.'] as const;

/** The answers to the examples of each refusal, in the order of the examples. */
const expected = {
  limit_too_short: [
    [400, 'ttl of 0.5 s is too short. The minimum is 1 s.'],
    [400, 'active time limit of 0 s is too short. The minimum is 1 s.'],
    [400, 'idleTimeout of -1 s is too short. The minimum is 1 s.'],
    [400, 'time limit of 0 s is too short. The minimum is 1 s.'],
  ],
  limit_exceeded: [
    [
      400,
      'ttl of 99999 s is more than the limit of 28800 s. Ask for at most 28800 s, or leave it out to get the default.',
    ],
    [
      400,
      'active time limit of 21 s is more than the limit of 20 s. Ask for at most 20 s, or leave it out to get the default.',
    ],
    [
      400,
      'idleTimeout of 61 s is more than the limit of 60 s. Ask for at most 60 s, or leave it out to get the default.',
    ],
  ],
  limits_out_of_order: [
    [400, 'idleTimeout of 60 s is longer than the active time limit of 20 s. The rule is idleTimeout ≤ ttl.'],
    [400, 'active time limit of 60 s is longer than the ttl of 20 s. The rule is idleTimeout ≤ ttl.'],
  ],
  job_limit_exceeded: [
    [
      400,
      "time limit of 21 s is more than the backend's limit of 20 s. Ask for at most 20 s, or leave it out.",
    ],
    [400, "time limit of 21 s is more than the plan's limit of 20 s. Ask for at most 20 s, or leave it out."],
    [
      400,
      "time limit of 21 s is more than the session's ttl of 20 s. Ask for at most 20 s, or leave it out.",
    ],
  ],
  script_invalid: [
    [400, 'This backend only plays scripts and runs no code. Choose a backend for Spark.'],
    [400, 'This backend only plays scripts and runs no code. Choose a backend for Spark.'],
    [400, 'This backend only plays scripts and runs no code. Choose a backend for Spark.'],
  ],
  unknown_page: [[400, 'There is no such page. Start with the first page.']],
  period_reversed: [operators],
  expiry_past: [operators],
  no_backend: [[400, 'No backend is configured yet.']],
  unknown_backend: [
    [400, 'There is no backend called b9. Backends here: b1, b2.'],
    [400, 'There is no backend called b9. No backend is configured yet.'],
  ],
  unknown_program: [
    [400, 'There is no program called sampler. Programs here: scripted.'],
    [400, 'There is no program called sampler. No backend is configured yet.'],
  ],
  backend_lacks_program: [[400, 'Backend b1 has no program called forecast. It runs: sampler, estimator.']],
  unknown_session: [
    [404, 'There is no session with that number in instance lab-a.'],
    [404, 'There is no session with that number.'],
  ],
  unknown_session_for_job: [[404, 'There is no session with that number in instance lab-a.']],
  session_of_other_instance: [[404, 'There is no session with that number in instance lab-a.']],
  unknown_job: [
    [404, 'There is no statement or batch with that number in instance lab-a.'],
    [404, 'There is no statement or batch with that number.'],
  ],
  unknown_instance: [operators],
  unknown_crn: [operators],
  instance_gone: [[400, 'The instance of this token no longer exists.']],
  unknown_token: [operators],
  unknown_user: [[400, 'Nobody called eve ever had a token.']],
  filter_empty: [[400, 'The filter by backend is empty. Name what to look for.']],
  backend_exists: [operators],
  backend_in_use: [operators],
  instance_exists: [operators],
  instance_name_reserved: [operators],
  session_closed: [
    [
      400,
      "requirement failed: Session isn't active. The session is closed: ttl of 1000 s expired. Open a new session and run the code there.",
    ],
    [
      400,
      "requirement failed: Session isn't active. The session is closed: drained: it accepts no more statements and has none left. Open a new session and run the code there.",
    ],
    [
      400,
      "requirement failed: Session isn't active. The session is closed: no reason was recorded. Open a new session and run the code there.",
    ],
  ],
  session_not_accepting: [
    [400, 'The session accepts no more statements: it is being drained. Open a new session.'],
  ],
  session_elsewhere: [[400, 'The session is on backend b1, not on b2.']],
  job_final: [
    [409, 'It is already completed. Only a waiting or running statement or batch can be cancelled.'],
  ],
  job_not_final: [
    [409, 'It is still running. Cancel it first, or wait until it ends.'],
    [409, 'It is still queued. Cancel it first, or wait until it ends.'],
  ],
  key_reused: [
    [
      422,
      'This Idempotency-Key was already used with another body. Use a new key for a new request, or repeat the same body to get the same answer.',
    ],
  ],
  wrong_clock: [operators],
  mode_not_allowed: [
    [400, 'The plan of instance lab-a does not allow interactive sessions. Submit a batch instead.'],
    [400, 'The plan of instance lab-a does not allow interactive sessions. Submit a batch instead.'],
    [400, 'The plan of instance lab-a does not allow interactive sessions. Submit a batch instead.'],
  ],
  budget_reached: [
    [409, 'Instance lab-a: budget of 60 s reached. Wait until then, or ask an admin for a larger budget.'],
    [
      409,
      'Instance lab-a: budget of 60 s reached. Room is made from 2027-01-15T08:00:09.000Z on. Wait until then, or ask an admin for a larger budget.',
    ],
    [
      409,
      'Instance lab-a: budget of 60 s reached. No room is made before 2027-01-15T08:00:09.000Z. Wait until then, or ask an admin for a larger budget.',
    ],
  ],
  too_many_pending: [
    [
      400,
      'Instance lab-a has reached the limit of its plan of 1 pending job. Wait until one has started, or cancel one, before you submit another.',
    ],
    [
      400,
      'Instance lab-a has reached the limit of its plan of 3 pending jobs. Wait until one has started, or cancel one, before you submit another.',
    ],
  ],
  session_not_yours: [
    [403, 'Only bert or an admin may end the session.'],
    [403, 'Only bert or an admin may end the session.'],
  ],
  job_not_yours: [
    [403, 'Only bert or an admin may cancel it.'],
    [403, 'Only bert or an admin may cancel it.'],
  ],
  session_not_shared: [
    [
      403,
      "The session is bert's: only bert or an admin may run statements in it. Use one of your own. An admin can let colleagues in instance lab-a do this (sharing: use).",
    ],
    [
      403,
      "The session is bert's: only bert or an admin may run statements in it. Use one of your own. An admin can let colleagues in instance lab-a do this (sharing: use).",
    ],
  ],
  job_not_shared: [
    [
      403,
      "It is bert's: only bert or an admin may read its output. Use one of your own. An admin can let colleagues in instance lab-a do this (sharing: use).",
    ],
    [
      403,
      "It is bert's: only bert or an admin may read its output. Use one of your own. An admin can let colleagues in instance lab-a do this (sharing: use).",
    ],
  ],
  admin_only: [[403, 'This call needs an admin token; yours is a user token.']],
  cross_site_password: [
    [
      403,
      'A page of another site sent this request, and with HTTP Basic the service cannot tell whether the user wanted it. Send the token as "Authorization: Bearer <token>".',
    ],
  ],
  other_instance: [
    [
      403,
      'This token acts for instance lab-a, not for crn:v1:b. Leave the header Service-CRN out, or use a token made for the other instance.',
    ],
  ],
  other_instance_unknown: [
    [403, 'There is no instance crn:v1:z. Leave the header Service-CRN out to act for your own.'],
  ],
  other_instance_by_name: [
    [403, 'Service-CRN must be a CRN, but lab-b is the name of an instance. Send Service-CRN crn:v1:b.'],
    [403, 'Service-CRN must be a CRN, but lab-b is the name of an instance. Send Service-CRN crn:v1:b.'],
  ],
  other_instance_unannounced: [
    [403, 'This request acts for instance lab-a, not for lab-b. Send Service-CRN crn:v1:b.'],
  ],
  unknown_driver: [operators],
  driver_unavailable: [operators],
  unknown_option: [operators],
  option_invalid: [operators],
  option_exceeded: [operators],
  device_missing: [operators],
  unknown_device: [operators],
  device_unreadable: [operators, operators],
  illegal_transition: [
    [409, 'The session is closed, so this is not possible.'],
    [409, 'It is completed, so this is not possible.'],
  ],
  deadline_without_effect: [[409, 'The deadline of the session has no effect.']],
} as const satisfies { readonly [C in RefusalCode]: readonly LivyRefusal[] };

describe('the answer to users of Livy', () => {
  it.each(refusalCases)('$code: $refusal.message', ({ code, nth, refusal }) => {
    expect(answerTo(refusals, refusal)).toEqual(expected[code][nth]);
  });
});
