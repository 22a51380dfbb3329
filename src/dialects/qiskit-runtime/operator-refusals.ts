import type { OperatorCode, RefusalTable } from '../refusals.js';
import { refusal, type QiskitRefusal } from './refusal-kinds.js';
import { toIso } from './wire.js';

/** Answers to the refusals that only the operator API can cause. */
export const operatorRefusals = {
  period_reversed: ({ from, to }) =>
    refusal('invalid_value', `from (${toIso(from)}) must be before to (${toIso(to)}).`),
  expiry_past: () =>
    refusal('invalid_value', 'expires_at is in the past.', 'Leave it out for a token that does not expire.'),
  unknown_instance: ({ instance }) => refusal('unknown_instance', `There is no instance ${instance}.`),
  unknown_crn: ({ crn }) =>
    refusal('unknown_instance', `There is no instance ${crn}.`, 'Use a plain name for a new instance.'),
  unknown_token: ({ token }) => refusal('unknown_token', `There is no token ${token}.`),
  backend_exists: ({ backend }) =>
    refusal('backend_exists', `There is already a backend called ${backend}.`, 'Choose another name.'),
  backend_in_use: ({ backend }) =>
    refusal(
      'backend_in_use',
      `Backend ${backend} has open sessions, or queued or running jobs.`,
      'Close and cancel them first. A backend that is offline starts no new ones.',
    ),
  instance_exists: ({ name }) =>
    refusal(
      'instance_exists',
      `There is already an instance called ${name}.`,
      'Choose another name, or change the existing instance with PATCH.',
    ),
  instance_name_reserved: () =>
    refusal(
      'invalid_value',
      'name must not begin with crn:, because a CRN is given to each instance.',
      'Choose a plain name.',
    ),
  wrong_clock: () =>
    refusal(
      'wrong_clock',
      'The service runs on the real clock, which cannot be moved.',
      'Start the service with STINT_CLOCK=virtual.',
    ),
  unknown_driver: ({ backend, driver, known }) =>
    refusal(
      'invalid_value',
      `Backend ${backend}: there is no driver called ${driver}.`,
      `Drivers are: ${known.join(', ')}.`,
    ),
  driver_unavailable: ({ backend, why }) =>
    refusal(
      'invalid_value',
      `Backend ${backend} cannot go online: ${why}.`,
      'Fix that and start the service again.',
    ),
  unknown_option: ({ backend, driver, option, known }) =>
    refusal(
      'invalid_value',
      `Backend ${backend}: options.${option} is not known to driver ${driver}.`,
      `Known are: ${known.join(', ')}.`,
    ),
  option_invalid: ({ backend, option, must }) =>
    refusal('invalid_value', `Backend ${backend}: options.${option} must be ${must}.`),
  option_exceeded: ({ backend, option, value, limit, most }) =>
    refusal(
      'invalid_value',
      `Backend ${backend}: options.${option} of ${value} is more than ${limit} of ${most}.`,
      `Raise ${limit} as well.`,
    ),
  device_missing: ({ backend }) =>
    refusal(
      'invalid_value',
      `Backend ${backend} needs a device.`,
      'Name one in options.device, or describe it in options.configuration and options.properties.',
    ),
  unknown_device: ({ backend, device, known }) =>
    refusal(
      'invalid_value',
      `Backend ${backend}: there is no device ${device}; there are: ${known.join(', ')}.`,
    ),
  device_unreadable: ({ backend, device, file, flaw }) =>
    refusal(
      'invalid_value',
      `Backend ${backend}: devices/${device}/${file} ${flaw === null ? 'cannot be read' : `is no valid JSON: ${flaw}`}.`,
    ),
} as const satisfies Pick<RefusalTable<QiskitRefusal>, OperatorCode>;
