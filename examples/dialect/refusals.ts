import type { RefusalTable } from '../../src/dialects/refusals.js';
import type { Refusal, RefusalCode } from '../../src/kernel/refusal.js';
import { statusOf } from './wire.js';

type StatusAndMessage = readonly [status: number, message: string];

/** The refusals that users of this example can get. A dialect of the service needs a message for every code to compile. */
const own: Partial<RefusalTable<StatusAndMessage>> = {
  unknown_job: ({ job }) => [404, `There is no job ${job}.`],
  unknown_session: ({ session }) => [404, `There is no session ${session}.`],
  unknown_session_for_job: ({ session }) => [400, `There is no session ${session}.`],
  unknown_backend: ({ backend, known }) => [
    404,
    `There is no backend ${backend}. There are: ${known.join(', ')}.`,
  ],
  backend_lacks_program: ({ backend, program }) => [400, `Backend ${backend} does not run ${program}.`],
  session_closed: ({ session }) => [400, `Session ${session} has ended.`],
  session_not_accepting: ({ session }) => [400, `Session ${session} takes no more jobs.`],
  script_invalid: ({ flaw }) => [400, flaw === 'params' ? 'input is invalid.' : `input.${flaw} is invalid.`],
  job_final: ({ job, state }) => [400, `Job ${job} is ${statusOf({ state })} and cannot be canceled.`],
  budget_reached: () => [400, 'The budget of your instance is used up.'],
  too_many_pending: ({ most }) => [400, `No more than ${most} jobs may wait.`],
  limit_exceeded: ({ most }) => [400, `At most ${most / 60_000} minutes are allowed.`],
};

const forbidden: readonly RefusalCode[] = [
  'admin_only',
  'job_not_yours',
  'session_not_yours',
  'session_not_shared',
];

/** Returns the status and message of a refusal. A code without a message here gets the text of the log. */
export function answerOf({ code, params, message }: Refusal): StatusAndMessage {
  const answer = own[code] as ((params: unknown) => StatusAndMessage) | undefined;
  if (answer !== undefined) return answer(params);
  return [forbidden.includes(code) ? 403 : 400, message];
}
