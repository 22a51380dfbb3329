import type { RequestedLimit, Refusals } from '../../../kernel/refusal.js';
import { toSeconds, toWholeSeconds, type Millis } from '../../../kernel/time.js';
import { budgetReason } from '../../../kernel/usage/budget.js';
import { toOperators, type RefusalTable } from '../../refusals.js';
import type { ErrorType } from './errors.js';

/** HTTP status, error type and message of a refusal. */
export type NexosisRefusal = readonly [status: number, errorType: ErrorType, message: string];

/** Names of the limits. Only operators set them; no client of this dialect can request one. */
const limitNames = {
  maxTtl: 'life time',
  activeTtl: 'working time',
  interactiveTtl: 'idle time',
  maxExecutionTime: 'calculation time',
} as const satisfies Record<RequestedLimit, string>;

const s = (time: Millis): string => `${toWholeSeconds(time)} s`;
const iso = (at: Millis): string => new Date(at).toISOString();
const inInstance = (name: string | null): string => (name === null ? '' : ` in instance ${name}`);
const noSession = ({
  session,
  instance,
}: {
  readonly session: string;
  readonly instance: string | null;
}): NexosisRefusal => [404, 'NotFound', `There is no session ${session}${inInstance(instance)}.`];

const whoseLimit = {
  backend: "the backend's limit",
  plan: "the plan's limit",
  session: "the session's life time",
} as const satisfies Record<Refusals['job_limit_exceeded']['whose'], string>;

/** Returns a sentence on when the budget has room again. While charges accrue, that is only the earliest moment. */
function roomOf({ roomAt, accruing }: Refusals['budget_reached']): string {
  if (roomAt === null) return '';
  return accruing ? ` No room is made before ${iso(roomAt)}.` : ` Room is made from ${iso(roomAt)} on.`;
}

const notShared = (owner: string, act: string, instance: string): string =>
  `The session is ${owner}'s: only ${owner} or an admin may ${act}. ` +
  `Use one of your own. An admin can let colleagues in instance ${instance} do this (sharing: use).`;

/**
 * Each refusal in the words of this dialect. A job of the kernel is the calculation of a session or a prediction here,
 * and users do not know its id.
 */
export const refusals = {
  ...toOperators<NexosisRefusal>([
    ...([400, 'RequestValidation'] as const),
    'Only the operator of this service can ask for that.',
  ]),

  limit_too_short: ({ limit, value }) => [
    400,
    'RequestValidation',
    `The ${limitNames[limit]} of ${toSeconds(value)} s is too short. The least is 1 s.`,
  ],
  limit_exceeded: ({ limit, value, most }) => [
    400,
    'RequestValidation',
    `The ${limitNames[limit]} of ${s(value)} is more than the limit of ${s(most)}.`,
  ],
  limits_out_of_order: ({ low, value, high, most }) => [
    400,
    'RequestValidation',
    `The ${limitNames[low]} of ${s(value)} is longer than the ${limitNames[high]} of ${s(most)}.`,
  ],
  job_limit_exceeded: ({ value, most, whose }) => [
    400,
    'RequestValidation',
    `The ${limitNames.maxExecutionTime} of ${s(value)} is more than ${whoseLimit[whose]} of ${s(most)}.`,
  ],
  unknown_page: () => [400, 'RequestValidation', 'There is no such page. Begin with the first.'],
  script_invalid: () => [
    400,
    'RequestValidation',
    'This backend calculates nothing: it only plays scripts. Ask your operator for another one.',
  ],

  no_backend: () => [503, 'Unavailable', 'No backend is configured yet.'],
  unknown_backend: ({ backend }) => [503, 'Unavailable', `There is no backend called ${backend}.`],
  unknown_program: ({ program }) => [503, 'Unavailable', `Nothing here can calculate a ${program}.`],
  backend_lacks_program: ({ backend, program, known }) => [
    503,
    'Unavailable',
    `Backend ${backend} cannot calculate a ${program}. It can calculate: ${known.join(', ')}.`,
  ],
  unknown_session: noSession,
  unknown_session_for_job: noSession,
  session_of_other_instance: noSession,
  unknown_job: ({ instance }) => [404, 'NotFound', `There is no such calculation${inInstance(instance)}.`],
  unknown_user: ({ user }) => [400, 'RequestValidation', `Nobody called ${user} ever had a token.`],
  filter_empty: ({ filter }) => [
    400,
    'RequestValidation',
    `The filter by ${filter} is empty. Name what to look for.`,
  ],
  instance_gone: () => [404, 'NotFound', 'The instance of this token is gone.'],

  session_closed: ({ session }) => [409, 'Conflict', `Session ${session} is over. Ask for a new one.`],
  session_not_accepting: ({ session }) => [
    409,
    'Conflict',
    `Session ${session} has its calculation already. Ask for a new session.`,
  ],
  session_elsewhere: ({ session, backend, requested }) => [
    409,
    'Conflict',
    `Session ${session} is on backend ${backend}, not on ${requested}.`,
  ],
  job_final: ({ state }) => [
    409,
    'Conflict',
    `The session is already ${state}. Only a requested or started session can be cancelled.`,
  ],
  job_not_final: ({ state }) => [
    409,
    'Conflict',
    `The session is still ${state === 'queued' ? 'requested' : 'started'}. Wait for its end.`,
  ],
  key_reused: () => [
    422,
    'RequestValidation',
    'This Idempotency-Key came before with another body. ' +
      'Use a new key for a new request; repeat the same body to get the same answer.',
  ],

  mode_not_allowed: ({ instance }) => [
    403,
    'UpgradeRequired',
    `The plan of instance ${instance} does not allow sessions here. Ask an admin for another plan.`,
  ],
  budget_reached: (reached) => [
    429,
    'QuotaExceeded',
    `Instance ${reached.instance}: ${budgetReason(reached.budget)}.${roomOf(reached)} ` +
      'Wait until then, or ask an admin for a larger budget.',
  ],
  too_many_pending: ({ instance, most }) => [
    429,
    'QuotaExceeded',
    `Instance ${instance} has reached the limit of its plan of ${most} pending job${most === 1 ? '' : 's'}. ` +
      'Wait until one has started, or cancel one, before you submit another.',
  ],

  session_not_yours: ({ session, owner }) => [
    403,
    'Forbidden',
    `Session ${session} is ${owner}'s: it is theirs to delete, or an admin's.`,
  ],
  job_not_yours: ({ owner }) => [403, 'Forbidden', `The calculation is for ${owner} or an admin to end.`],
  session_not_shared: ({ owner, instance }) => [403, 'Forbidden', notShared(owner, 'add to it', instance)],
  job_not_shared: ({ owner, instance }) => [403, 'Forbidden', notShared(owner, 'read its results', instance)],
  admin_only: () => [403, 'Forbidden', 'This call needs an admin token; yours is a user token.'],
  cross_site_password: () => [
    403,
    'Forbidden',
    'A page of another site sent this request, and HTTP Basic does not show that its user wanted it. ' +
      'Send the token as "api-key: <token>".',
  ],
  // Only a request with the header Service-CRN can get these refusals.
  other_instance: ({ instance, own }) => [
    403,
    'Forbidden',
    `This token acts for instance ${own.name}, not for ${instance}. ` +
      'Leave the header Service-CRN out, or use a token made for the other instance.',
  ],
  other_instance_unknown: ({ instance }) => [
    403,
    'Forbidden',
    `There is no instance ${instance}. Leave the header Service-CRN out to act for your own.`,
  ],
  other_instance_by_name: ({ name, crn }) => [
    403,
    'Forbidden',
    `Service-CRN must be a CRN, but ${name} is the name of an instance. Send Service-CRN ${crn}.`,
  ],
  other_instance_unannounced: ({ own, other }) => [
    403,
    'Forbidden',
    `This request acts for instance ${own.name}, not for ${other.name}. Send Service-CRN ${other.crn}.`,
  ],

  illegal_transition: ({ state }) => [
    409,
    'Conflict',
    `The session is ${state}, in which this cannot happen to it.`,
  ],
  deadline_without_effect: ({ session }) => [
    409,
    'Conflict',
    `Session ${session} is left as it is by its deadline.`,
  ],
} as const satisfies RefusalTable<NexosisRefusal>;
