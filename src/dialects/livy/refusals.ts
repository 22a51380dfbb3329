import { ForbiddenException } from '@nestjs/common';
import type { RequestedLimit, Refusals } from '../../kernel/refusal.js';
import { toSeconds, toWholeSeconds, type Millis } from '../../kernel/time.js';
import { budgetReason } from '../../kernel/usage/budget.js';
import { toOperators, type RefusalTable } from '../refusals.js';
import { closeReason } from './endings.js';

/** HTTP status and message. The message includes the solution, because Livy's errors have only one text. */
export type LivyRefusal = readonly [status: number, msg: string];

/** The names of the limits in this dialect. Clients can request only the first and the third. */
const limitNames = {
  maxTtl: 'ttl',
  activeTtl: 'active time limit',
  interactiveTtl: 'idleTimeout',
  maxExecutionTime: 'time limit',
} as const satisfies Record<RequestedLimit, string>;

const s = (time: Millis): string => `${toWholeSeconds(time)} s`;
const iso = (at: Millis): string => new Date(at).toISOString();
const inInstance = (name: string | null): string => (name === null ? '' : ` in instance ${name}`);
const noSession = ({ instance }: { readonly instance: string | null }): LivyRefusal => [
  404,
  `There is no session with that number${inInstance(instance)}.`,
];

const whoseLimit = {
  backend: "the backend's limit",
  plan: "the plan's limit",
  session: "the session's ttl",
} as const satisfies Record<Refusals['job_limit_exceeded']['whose'], string>;

/**
 * Returns a sentence that says when the budget has room again. While charges accrue, that is only the earliest moment.
 */
function roomOf({ roomAt, accruing }: Refusals['budget_reached']): string {
  if (roomAt === null) return '';
  return accruing ? ` No room is made before ${iso(roomAt)}.` : ` Room is made from ${iso(roomAt)} on.`;
}

const notShared = (what: string, owner: string, act: string, instance: string): string =>
  `${what} is ${owner}'s: only ${owner} or an admin may ${act}. ` +
  `Use one of your own. An admin can let colleagues in instance ${instance} do this (sharing: use).`;

/**
 * Returns the error for an `act` that is not allowed in a colleague's session. `what` names the session, such as
 * `Session 7`.
 */
export const forbidUse = (what: string, owner: string, act: string, instance: string): ForbiddenException =>
  new ForbiddenException(notShared(what, owner, act, instance));

/** Returns the error for ending a colleague's session, batch or statement. */
export const forbidEnd = (what: string, owner: string, act: 'end' | 'cancel' = 'end'): ForbiddenException =>
  new ForbiddenException(`${what} is for ${owner} or an admin to ${act}.`);

/**
 * The answer of this dialect to each refusal. No status is 500 or more, because clients retry those for half a minute.
 * No message contains an id of the kernel, because users know sessions, statements and batches by numbers.
 */
export const refusals = {
  ...toOperators<LivyRefusal>([400, 'Only the operator of this service can ask for that.']),

  limit_too_short: ({ limit, value }) => [
    400,
    `${limitNames[limit]} of ${toSeconds(value)} s is too short. The minimum is 1 s.`,
  ],
  limit_exceeded: ({ limit, value, most }) => [
    400,
    `${limitNames[limit]} of ${s(value)} is more than the limit of ${s(most)}. ` +
      `Ask for at most ${s(most)}, or leave it out to get the default.`,
  ],
  limits_out_of_order: ({ low, value, high, most }) => [
    400,
    `${limitNames[low]} of ${s(value)} is longer than the ${limitNames[high]} of ${s(most)}. ` +
      'The rule is idleTimeout ≤ ttl.',
  ],
  job_limit_exceeded: ({ value, most, whose }) => [
    400,
    `${limitNames.maxExecutionTime} of ${s(value)} is more than ${whoseLimit[whose]} of ${s(most)}. ` +
      `Ask for at most ${s(most)}, or leave it out.`,
  ],
  unknown_page: () => [400, 'There is no such page. Start with the first page.'],
  script_invalid: () => [
    400,
    'This backend only plays scripts and runs no code. Choose a backend for Spark.',
  ],

  no_backend: () => [400, 'No backend is configured yet.'],
  unknown_backend: ({ backend, known }) => [
    400,
    `There is no backend called ${backend}. ` +
      (known.length === 0 ? 'No backend is configured yet.' : `Backends here: ${known.join(', ')}.`),
  ],
  unknown_program: ({ program, known }) => [
    400,
    `There is no program called ${program}. ` +
      (known.length === 0 ? 'No backend is configured yet.' : `Programs here: ${known.join(', ')}.`),
  ],
  backend_lacks_program: ({ backend, program, known }) => [
    400,
    `Backend ${backend} has no program called ${program}. It runs: ${known.join(', ')}.`,
  ],
  unknown_session: noSession,
  unknown_session_for_job: noSession,
  session_of_other_instance: noSession,
  unknown_job: ({ instance }) => [
    404,
    `There is no statement or batch with that number${inInstance(instance)}.`,
  ],
  unknown_user: ({ user }) => [400, `Nobody called ${user} ever had a token.`],
  filter_empty: ({ filter }) => [400, `The filter by ${filter} is empty. Name what to look for.`],
  instance_gone: () => [400, 'The instance of this token no longer exists.'],

  session_closed: ({ ending }) => [
    400,
    `requirement failed: Session isn't active. The session is closed: ${closeReason(ending)}. ` +
      'Open a new session and run the code there.',
  ],
  session_not_accepting: () => [
    400,
    'The session accepts no more statements: it is being drained. Open a new session.',
  ],
  session_elsewhere: ({ backend, requested }) => [
    400,
    `The session is on backend ${backend}, not on ${requested}.`,
  ],
  job_final: ({ state }) => [
    409,
    `It is already ${state}. Only a waiting or running statement or batch can be cancelled.`,
  ],
  job_not_final: ({ state }) => [409, `It is still ${state}. Cancel it first, or wait until it ends.`],
  key_reused: () => [
    422,
    'This Idempotency-Key was already used with another body. ' +
      'Use a new key for a new request, or repeat the same body to get the same answer.',
  ],

  mode_not_allowed: ({ instance }) => [
    400,
    `The plan of instance ${instance} does not allow interactive sessions. Submit a batch instead.`,
  ],
  budget_reached: (reached) => [
    409,
    `Instance ${reached.instance}: ${budgetReason(reached.budget)}.${roomOf(reached)} ` +
      'Wait until then, or ask an admin for a larger budget.',
  ],
  // Livy also answers 400 if there are too many sessions.
  too_many_pending: ({ instance, most }) => [
    400,
    `Instance ${instance} has reached the limit of its plan of ${most} pending job${most === 1 ? '' : 's'}. ` +
      'Wait until one has started, or cancel one, before you submit another.',
  ],

  session_not_yours: ({ owner }) => [403, `Only ${owner} or an admin may end the session.`],
  job_not_yours: ({ owner }) => [403, `Only ${owner} or an admin may cancel it.`],
  session_not_shared: ({ owner, instance }) => [
    403,
    notShared('The session', owner, 'run statements in it', instance),
  ],
  job_not_shared: ({ owner, instance }) => [403, notShared('It', owner, 'read its output', instance)],
  admin_only: () => [403, 'This call needs an admin token; yours is a user token.'],
  cross_site_password: () => [
    403,
    'A page of another site sent this request, and with HTTP Basic the service cannot tell whether the user wanted it. ' +
      'Send the token as "Authorization: Bearer <token>".',
  ],
  // Only requests with the header Service-CRN can cause these refusals.
  other_instance: ({ instance, own }) => [
    403,
    `This token acts for instance ${own.name}, not for ${instance}. ` +
      'Leave the header Service-CRN out, or use a token made for the other instance.',
  ],
  other_instance_unknown: ({ instance }) => [
    403,
    `There is no instance ${instance}. Leave the header Service-CRN out to act for your own.`,
  ],
  other_instance_by_name: ({ name, crn }) => [
    403,
    `Service-CRN must be a CRN, but ${name} is the name of an instance. Send Service-CRN ${crn}.`,
  ],
  other_instance_unannounced: ({ own, other }) => [
    403,
    `This request acts for instance ${own.name}, not for ${other.name}. Send Service-CRN ${other.crn}.`,
  ],

  illegal_transition: ({ of, state }) => [
    409,
    `${of === 'session' ? 'The session' : 'It'} is ${state}, so this is not possible.`,
  ],
  deadline_without_effect: () => [409, 'The deadline of the session has no effect.'],
} as const satisfies RefusalTable<LivyRefusal>;
