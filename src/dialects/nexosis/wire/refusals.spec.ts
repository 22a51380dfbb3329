import { describe, expect, it } from '@jest/globals';
import { kernelId as id, refusalCases } from '../../../../test/support/refusals.js';
import type { RefusalCode } from '../../../kernel/refusal.js';
import { answerTo } from '../../refusals.js';
import { refusals, type NexosisRefusal } from './refusals.js';

const operators = [400, 'RequestValidation', 'Only the operator of this service can ask for that.'] as const;

/** The expected response to each example of a refusal, in order. */
const expected = {
  limit_too_short: [
    [400, 'RequestValidation', 'The life time of 0.5 s is too short. The least is 1 s.'],
    [400, 'RequestValidation', 'The working time of 0 s is too short. The least is 1 s.'],
    [400, 'RequestValidation', 'The idle time of -1 s is too short. The least is 1 s.'],
    [400, 'RequestValidation', 'The calculation time of 0 s is too short. The least is 1 s.'],
  ],
  limit_exceeded: [
    [400, 'RequestValidation', 'The life time of 99999 s is more than the limit of 28800 s.'],
    [400, 'RequestValidation', 'The working time of 21 s is more than the limit of 20 s.'],
    [400, 'RequestValidation', 'The idle time of 61 s is more than the limit of 60 s.'],
  ],
  limits_out_of_order: [
    [400, 'RequestValidation', 'The idle time of 60 s is longer than the working time of 20 s.'],
    [400, 'RequestValidation', 'The working time of 60 s is longer than the life time of 20 s.'],
  ],
  job_limit_exceeded: [
    [400, 'RequestValidation', "The calculation time of 21 s is more than the backend's limit of 20 s."],
    [400, 'RequestValidation', "The calculation time of 21 s is more than the plan's limit of 20 s."],
    [400, 'RequestValidation', "The calculation time of 21 s is more than the session's life time of 20 s."],
  ],
  script_invalid: [
    [
      400,
      'RequestValidation',
      'This backend calculates nothing: it only plays scripts. Ask your operator for another one.',
    ],
    [
      400,
      'RequestValidation',
      'This backend calculates nothing: it only plays scripts. Ask your operator for another one.',
    ],
    [
      400,
      'RequestValidation',
      'This backend calculates nothing: it only plays scripts. Ask your operator for another one.',
    ],
  ],
  unknown_page: [[400, 'RequestValidation', 'There is no such page. Begin with the first.']],
  period_reversed: [operators],
  expiry_past: [operators],
  no_backend: [[503, 'Unavailable', 'No backend is configured yet.']],
  unknown_backend: [
    [503, 'Unavailable', 'There is no backend called b9.'],
    [503, 'Unavailable', 'There is no backend called b9.'],
  ],
  unknown_program: [
    [503, 'Unavailable', 'Nothing here can calculate a sampler.'],
    [503, 'Unavailable', 'Nothing here can calculate a sampler.'],
  ],
  backend_lacks_program: [
    [503, 'Unavailable', 'Backend b1 cannot calculate a forecast. It can calculate: sampler, estimator.'],
  ],
  unknown_session: [
    [404, 'NotFound', `There is no session ${id} in instance lab-a.`],
    [404, 'NotFound', `There is no session ${id}.`],
  ],
  unknown_session_for_job: [[404, 'NotFound', `There is no session ${id} in instance lab-a.`]],
  session_of_other_instance: [[404, 'NotFound', `There is no session ${id} in instance lab-a.`]],
  unknown_job: [
    [404, 'NotFound', 'There is no such calculation in instance lab-a.'],
    [404, 'NotFound', 'There is no such calculation.'],
  ],
  unknown_instance: [operators],
  unknown_crn: [operators],
  instance_gone: [[404, 'NotFound', 'The instance of this token is gone.']],
  unknown_token: [operators],
  unknown_user: [[400, 'RequestValidation', 'Nobody called eve ever had a token.']],
  filter_empty: [[400, 'RequestValidation', 'The filter by backend is empty. Name what to look for.']],
  backend_exists: [operators],
  backend_in_use: [operators],
  instance_exists: [operators],
  instance_name_reserved: [operators],
  session_closed: [
    [409, 'Conflict', `Session ${id} is over. Ask for a new one.`],
    [409, 'Conflict', `Session ${id} is over. Ask for a new one.`],
    [409, 'Conflict', `Session ${id} is over. Ask for a new one.`],
  ],
  session_not_accepting: [
    [409, 'Conflict', `Session ${id} has its calculation already. Ask for a new session.`],
  ],
  session_elsewhere: [[409, 'Conflict', `Session ${id} is on backend b1, not on b2.`]],
  job_final: [
    [
      409,
      'Conflict',
      'The session is already completed. Only a requested or started session can be cancelled.',
    ],
  ],
  job_not_final: [
    [409, 'Conflict', 'The session is still started. Wait for its end.'],
    [409, 'Conflict', 'The session is still requested. Wait for its end.'],
  ],
  key_reused: [
    [
      422,
      'RequestValidation',
      'This Idempotency-Key came before with another body. Use a new key for a new request; repeat the same body to get the same answer.',
    ],
  ],
  wrong_clock: [operators],
  mode_not_allowed: [
    [
      403,
      'UpgradeRequired',
      'The plan of instance lab-a does not allow sessions here. Ask an admin for another plan.',
    ],
    [
      403,
      'UpgradeRequired',
      'The plan of instance lab-a does not allow sessions here. Ask an admin for another plan.',
    ],
    [
      403,
      'UpgradeRequired',
      'The plan of instance lab-a does not allow sessions here. Ask an admin for another plan.',
    ],
  ],
  budget_reached: [
    [
      429,
      'QuotaExceeded',
      'Instance lab-a: budget of 60 s reached. Wait until then, or ask an admin for a larger budget.',
    ],
    [
      429,
      'QuotaExceeded',
      'Instance lab-a: budget of 60 s reached. Room is made from 2027-01-15T08:00:09.000Z on. Wait until then, or ask an admin for a larger budget.',
    ],
    [
      429,
      'QuotaExceeded',
      'Instance lab-a: budget of 60 s reached. No room is made before 2027-01-15T08:00:09.000Z. Wait until then, or ask an admin for a larger budget.',
    ],
  ],
  too_many_pending: [
    [
      429,
      'QuotaExceeded',
      'Instance lab-a has reached the limit of its plan of 1 pending job. Wait until one has started, or cancel one, before you submit another.',
    ],
    [
      429,
      'QuotaExceeded',
      'Instance lab-a has reached the limit of its plan of 3 pending jobs. Wait until one has started, or cancel one, before you submit another.',
    ],
  ],
  session_not_yours: [
    [403, 'Forbidden', `Session ${id} is bert's: it is theirs to delete, or an admin's.`],
    [403, 'Forbidden', `Session ${id} is bert's: it is theirs to delete, or an admin's.`],
  ],
  job_not_yours: [
    [403, 'Forbidden', 'The calculation is for bert or an admin to end.'],
    [403, 'Forbidden', 'The calculation is for bert or an admin to end.'],
  ],
  session_not_shared: [
    [
      403,
      'Forbidden',
      "The session is bert's: only bert or an admin may add to it. Use one of your own. An admin can let colleagues in instance lab-a do this (sharing: use).",
    ],
    [
      403,
      'Forbidden',
      "The session is bert's: only bert or an admin may add to it. Use one of your own. An admin can let colleagues in instance lab-a do this (sharing: use).",
    ],
  ],
  job_not_shared: [
    [
      403,
      'Forbidden',
      "The session is bert's: only bert or an admin may read its results. Use one of your own. An admin can let colleagues in instance lab-a do this (sharing: use).",
    ],
    [
      403,
      'Forbidden',
      "The session is bert's: only bert or an admin may read its results. Use one of your own. An admin can let colleagues in instance lab-a do this (sharing: use).",
    ],
  ],
  admin_only: [[403, 'Forbidden', 'This call needs an admin token; yours is a user token.']],
  cross_site_password: [
    [
      403,
      'Forbidden',
      'A page of another site sent this request, and HTTP Basic does not show that its user wanted it. Send the token as "api-key: <token>".',
    ],
  ],
  other_instance: [
    [
      403,
      'Forbidden',
      'This token acts for instance lab-a, not for crn:v1:b. Leave the header Service-CRN out, or use a token made for the other instance.',
    ],
  ],
  other_instance_unknown: [
    [
      403,
      'Forbidden',
      'There is no instance crn:v1:z. Leave the header Service-CRN out to act for your own.',
    ],
  ],
  other_instance_by_name: [
    [
      403,
      'Forbidden',
      'Service-CRN must be a CRN, but lab-b is the name of an instance. Send Service-CRN crn:v1:b.',
    ],
    [
      403,
      'Forbidden',
      'Service-CRN must be a CRN, but lab-b is the name of an instance. Send Service-CRN crn:v1:b.',
    ],
  ],
  other_instance_unannounced: [
    [403, 'Forbidden', 'This request acts for instance lab-a, not for lab-b. Send Service-CRN crn:v1:b.'],
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
    [409, 'Conflict', 'The session is closed, in which this cannot happen to it.'],
    [409, 'Conflict', 'The session is completed, in which this cannot happen to it.'],
  ],
  deadline_without_effect: [[409, 'Conflict', `Session ${id} is left as it is by its deadline.`]],
} as const satisfies { readonly [C in RefusalCode]: readonly NexosisRefusal[] };

describe('refusals in the words of the Nexosis dialect', () => {
  it.each(refusalCases)('$code: $refusal.message', ({ code, nth, refusal }) => {
    expect(answerTo(refusals, refusal)).toEqual(expected[code][nth]);
  });
});
