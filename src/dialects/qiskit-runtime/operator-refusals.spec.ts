import { describe, expect, it } from '@jest/globals';
import { refusalCases } from '../../../test/support/refusals.js';
import type { RefusalCode } from '../../kernel/refusal.js';
import { answerTo, type OperatorCode } from '../refusals.js';
import type { QiskitRefusal } from './refusal-kinds.js';
import { refusals } from './refusals.js';

/** The answers to the examples of each refusal, in the order of the examples. */
const expected = {
  period_reversed: [
    ['invalid_value', 'from (2027-01-15T08:00:02.000Z) must be before to (2027-01-15T08:00:01.000Z).'],
  ],
  expiry_past: [
    ['invalid_value', 'expires_at is in the past.', 'Leave it out for a token that does not expire.'],
  ],
  unknown_instance: [['unknown_instance', 'There is no instance nowhere.']],
  unknown_crn: [['unknown_instance', 'There is no instance crn:v1.', 'Use a plain name for a new instance.']],
  unknown_token: [['unknown_token', 'There is no token t9.']],
  backend_exists: [['backend_exists', 'There is already a backend called b1.', 'Choose another name.']],
  backend_in_use: [
    [
      'backend_in_use',
      'Backend b1 has open sessions, or queued or running jobs.',
      'Close and cancel them first. A backend that is offline starts no new ones.',
    ],
  ],
  instance_exists: [
    [
      'instance_exists',
      'There is already an instance called lab-a.',
      'Choose another name, or change the existing instance with PATCH.',
    ],
  ],
  instance_name_reserved: [
    [
      'invalid_value',
      'name must not begin with crn:, because a CRN is given to each instance.',
      'Choose a plain name.',
    ],
  ],
  wrong_clock: [
    [
      'wrong_clock',
      'The service runs on the real clock, which cannot be moved.',
      'Start the service with STINT_CLOCK=virtual.',
    ],
  ],
  unknown_driver: [
    ['invalid_value', 'Backend b1: there is no driver called qpu.', 'Drivers are: scripted, aer.'],
  ],
  driver_unavailable: [
    [
      'invalid_value',
      'Backend b1 cannot go online: there is no worker.',
      'Fix that and start the service again.',
    ],
  ],
  unknown_option: [
    ['invalid_value', 'Backend b1: options.noize is not known to driver aer.', 'Known are: device, noise.'],
  ],
  option_invalid: [['invalid_value', 'Backend b1: options.noise must be true or false.']],
  option_exceeded: [
    [
      'invalid_value',
      'Backend b1: options.sql_rows of 5 is more than max_sql_rows of 3.',
      'Raise max_sql_rows as well.',
    ],
  ],
  device_missing: [
    [
      'invalid_value',
      'Backend b1 needs a device.',
      'Name one in options.device, or describe it in options.configuration and options.properties.',
    ],
  ],
  unknown_device: [['invalid_value', 'Backend b1: there is no device nope; there are: a, b.']],
  device_unreadable: [
    ['invalid_value', 'Backend b1: devices/a/properties.json cannot be read.'],
    [
      'invalid_value',
      'Backend b1: devices/a/properties.json is no valid JSON: Unexpected end of JSON input.',
    ],
  ],
} as const satisfies { readonly [C in OperatorCode]: readonly Expected[] };

type Expected = readonly [kind: QiskitRefusal['kind'], message: string, solution?: string];
const expectedOf: Readonly<Partial<Record<RefusalCode, readonly Expected[]>>> = expected;

describe('the answer to operators', () => {
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
