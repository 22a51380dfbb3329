import type { RequestedLimit, Refusals } from '../../kernel/refusal.js';
import { toSeconds, toWholeSeconds, type Millis } from '../../kernel/time.js';
import { budgetReason } from '../../kernel/usage/budget.js';
import type { RefusalTable } from '../refusals.js';
import { operatorRefusals } from './operator-refusals.js';
import { refusal, type QiskitRefusal } from './refusal-kinds.js';

/** The names of the limits in this dialect. */
const limitNames = {
  maxTtl: 'max_ttl',
  activeTtl: 'active_ttl',
  interactiveTtl: 'interactive_ttl',
  maxExecutionTime: 'max_execution_time (cost)',
} as const satisfies Record<RequestedLimit, string>;

const s = (time: Millis): string => `${toWholeSeconds(time)} s`;
const iso = (at: Millis): string => new Date(at).toISOString();
const inInstance = (name: string | null): string => (name === null ? '' : ` in instance ${name}`);

const whoseLimit = {
  backend: "the backend's limit",
  plan: "the plan's limit",
  session: "the session's max_ttl",
} as const satisfies Record<Refusals['job_limit_exceeded']['whose'], string>;

const scriptFlaws = {
  params: 'params of a scripted job must be a JSON object.',
  duration: 'params.duration must be a number of seconds, 0 or more.',
  outcome: 'params.outcome must be "completed" or "failed".',
} as const satisfies Record<Refusals['script_invalid']['flaw'], string>;

const sessionActs = {
  run_jobs: 'run jobs in it',
  resume: 'resume it',
} as const satisfies Record<Refusals['session_not_shared']['act'], string>;

const jobActs = {
  change_tags: 'change its tags',
  take_result: 'read its result, which can be read once',
} as const satisfies Record<Refusals['job_not_shared']['act'], string>;

const notShared = (what: string, owner: string, act: string, instance: string): QiskitRefusal =>
  refusal(
    'forbidden',
    `${what} is ${owner}'s: only ${owner} or an admin may ${act}.`,
    `Use one of your own. An admin can let colleagues in instance ${instance} do this (sharing: use).`,
  );

/**
 * Returns a sentence that says when the budget has room again. While charges accrue, that is only the earliest moment.
 */
function roomOf({ roomAt, accruing }: Refusals['budget_reached']): string {
  if (roomAt === null) return '';
  return accruing ? ` No room is made before ${iso(roomAt)}.` : ` Room is made from ${iso(roomAt)} on.`;
}

const listed = (what: string, names: readonly string[]): string =>
  names.length === 0 ? 'No backend is configured yet.' : `${what}: ${names.join(', ')}.`;

/** The answer of this dialect to each refusal. The operator API uses the same table. */
export const refusals = {
  ...operatorRefusals,

  limit_too_short: ({ limit, value }) =>
    refusal(
      'invalid_value',
      `${limitNames[limit]} of ${toSeconds(value)} s is too short.`,
      'The minimum is 1 s.',
    ),
  limit_exceeded: ({ limit, value, most }) =>
    refusal(
      'limit_exceeded',
      `${limitNames[limit]} of ${s(value)} is more than the limit of ${s(most)}.`,
      `Ask for at most ${s(most)}, or leave it out to get the default.`,
    ),
  limits_out_of_order: ({ low, value, high, most }) =>
    refusal(
      'invalid_value',
      `${limitNames[low]} of ${s(value)} is longer than the ${limitNames[high]} of ${s(most)}.`,
      'The rule is interactive_ttl ≤ active_ttl ≤ max_ttl.',
    ),
  job_limit_exceeded: ({ value, most, whose }) =>
    refusal(
      'limit_exceeded',
      `${limitNames.maxExecutionTime} of ${s(value)} is more than ${whoseLimit[whose]} of ${s(most)}.`,
      `Ask for at most ${s(most)}, or leave it out.`,
    ),
  script_invalid: ({ flaw }) =>
    refusal(
      'invalid_value',
      scriptFlaws[flaw],
      'For example {"duration": 5, "outcome": "completed", "result": 42}.',
    ),
  unknown_page: ({ after }) =>
    refusal(
      'invalid_value',
      `next of ${after} belongs to no page.`,
      'Send the next of the previous page, or leave it out to get the first page.',
    ),
  no_backend: () => refusal('unknown_backend', 'No backend is configured yet.'),
  unknown_backend: ({ backend, known }) =>
    refusal('unknown_backend', `There is no backend called ${backend}.`, listed('Backends here', known)),
  unknown_program: ({ program, known }) =>
    refusal('unknown_program', `There is no program called ${program}.`, listed('Programs here', known)),
  backend_lacks_program: ({ backend, program, known }) =>
    refusal(
      'unknown_program',
      `Backend ${backend} has no program called ${program}.`,
      `It runs: ${known.join(', ')}.`,
    ),
  unknown_session: ({ session, instance }) =>
    refusal('unknown_session', `There is no session ${session}${inInstance(instance)}.`),
  unknown_session_for_job: ({ session, instance }) =>
    refusal(
      'unknown_session',
      `There is no session ${session}${inInstance(instance)}.`,
      'Open one with POST /sessions.',
    ),
  session_of_other_instance: ({ session, instance, owner }) =>
    refusal(
      'unknown_session',
      `There is no session ${session} in instance ${instance}.`,
      `It belongs to instance ${owner.name}: send Service-CRN ${owner.crn}.`,
    ),
  unknown_job: ({ job, instance }) =>
    refusal('unknown_job', `There is no job ${job}${inInstance(instance)}.`),
  instance_gone: () => refusal('unknown_instance', 'The instance of this token no longer exists.'),
  unknown_user: ({ user }) => refusal('invalid_value', `Nobody called ${user} ever had a token.`),
  filter_empty: ({ filter }) =>
    refusal(
      'invalid_value',
      `The filter by ${filter} is empty.`,
      'Name what to look for, or leave the filter out.',
    ),

  session_closed: ({ session, ending }) =>
    refusal(
      'session_closed',
      `Session ${session} is closed: ${ending.stateReason ?? 'no reason was recorded'}.`,
      'Open a new session and submit the job there.',
    ),
  session_not_accepting: ({ session }) =>
    refusal(
      'session_not_accepting',
      `Session ${session} accepts no more jobs: it is being drained.`,
      'Open a new session, or send PATCH with accepting_jobs true before this one closes.',
    ),
  session_elsewhere: ({ session, backend, requested }) =>
    refusal(
      'session_elsewhere',
      `Session ${session} is on backend ${backend}, not on ${requested}.`,
      `Submit to ${backend}, or leave the session out.`,
    ),
  job_final: ({ job, state }) =>
    refusal('job_final', `Job ${job} is already ${state}.`, 'Only a queued or running job can be cancelled.'),
  job_not_final: ({ job, state }) =>
    refusal('job_not_final', `Job ${job} is still ${state}.`, 'Cancel it first, or wait until it ends.'),
  key_reused: () =>
    refusal(
      'key_reused',
      'This Idempotency-Key was already used with another body.',
      'Use a new key for a new request, or repeat the same body to get the same answer.',
    ),
  mode_not_allowed: ({ instance, mode, allowed }) =>
    refusal(
      'mode_not_allowed',
      `The plan of instance ${instance} does not allow ${mode} sessions.`,
      allowed.length === 0 ? 'Submit lone jobs instead.' : `It allows: ${allowed.join(', ')}.`,
    ),
  budget_reached: (reached) =>
    refusal(
      'budget_reached',
      `Instance ${reached.instance}: ${budgetReason(reached.budget)}.${roomOf(reached)}`,
      'Wait until then, or ask an admin for a larger budget (PATCH /api/v1/admin/instances).',
    ),
  too_many_pending: ({ instance, most }) =>
    refusal(
      'too_many_pending',
      `Instance ${instance} has reached the limit of its plan of ${most} pending job${most === 1 ? '' : 's'}.`,
      'Wait until one has started, or cancel one, before you submit another.',
    ),

  session_not_yours: ({ session, owner, act }) =>
    refusal('forbidden', `Session ${session} is for ${owner} or an admin to ${act}.`),
  job_not_yours: ({ job, owner, act }) =>
    refusal('forbidden', `Job ${job} is for ${owner} or an admin to ${act}.`),
  session_not_shared: ({ session, owner, act, instance }) =>
    notShared(`Session ${session}`, owner, sessionActs[act], instance),
  job_not_shared: ({ job, owner, act, instance }) => notShared(`Job ${job}`, owner, jobActs[act], instance),
  admin_only: () => refusal('forbidden', 'This call needs an admin token; yours is a user token.'),
  cross_site_password: () =>
    refusal(
      'forbidden',
      'A page of another site sent this request, and with HTTP Basic the service cannot tell whether the user wanted it.',
      'Send the token as "Authorization: Bearer <token>".',
    ),
  other_instance: ({ instance, own }) =>
    refusal(
      'forbidden',
      `This token acts for instance ${own.name}, not for ${instance}.`,
      `Use Service-CRN ${own.crn}, or a token made for the other instance.`,
    ),
  other_instance_unknown: ({ instance }) =>
    refusal(
      'forbidden',
      `There is no instance ${instance}.`,
      'GET /api/v1/admin/instances lists all with their CRNs.',
    ),
  other_instance_by_name: ({ name, crn, where }) =>
    refusal(
      'forbidden',
      `${where === 'header' ? 'Service-CRN' : 'instance'} must be a CRN, but ${name} is the name of an instance.`,
      `Send Service-CRN ${crn}.`,
    ),
  other_instance_unannounced: ({ own, other }) =>
    refusal(
      'forbidden',
      `This request acts for instance ${own.name}, not for ${other.name}.`,
      `Send Service-CRN ${other.crn}.`,
    ),

  illegal_transition: ({ of, id, state, event }) =>
    refusal(
      'illegal_transition',
      `${of === 'session' ? 'Session' : 'Job'} ${id} is ${state}: ${event} is not possible.`,
    ),
  deadline_without_effect: ({ session }) =>
    refusal('illegal_transition', `The deadline of session ${session} has no effect.`),
} as const satisfies RefusalTable<QiskitRefusal>;
