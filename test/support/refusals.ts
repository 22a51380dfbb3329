import { Refusal, type RefusalCode, type Refusals } from '../../src/kernel/refusal.js';
import { seconds } from '../../src/kernel/time.js';
import { after, givenLimits } from './given.js';

/** An id like those of sessions and jobs. */
export const kernelId = '0190f7a0-1234-7abc-8def-0123456789ab';

const own = { name: 'lab-a', crn: 'crn:v1:a' };
const other = { name: 'lab-b', crn: 'crn:v1:b' };
const session = kernelId;
const job = kernelId;
const backend = 'b1';

/** Parameters for every refusal, one for each form of its sentence. */
export const refusalExamples = {
  limit_too_short: [
    { limit: 'maxTtl', value: 500 },
    { limit: 'activeTtl', value: 0 },
    { limit: 'interactiveTtl', value: -1000 },
    { limit: 'maxExecutionTime', value: 0 },
  ],
  limit_exceeded: [
    { limit: 'maxTtl', value: seconds(99_999), most: seconds(28_800) },
    { limit: 'activeTtl', value: seconds(21), most: seconds(20) },
    { limit: 'interactiveTtl', value: seconds(61), most: seconds(60) },
  ],
  limits_out_of_order: [
    { low: 'interactiveTtl', value: seconds(60), high: 'activeTtl', most: seconds(20) },
    { low: 'activeTtl', value: seconds(60), high: 'maxTtl', most: seconds(20) },
  ],
  job_limit_exceeded: [
    { value: seconds(21), most: seconds(20), whose: 'backend' },
    { value: seconds(21), most: seconds(20), whose: 'plan' },
    { value: seconds(21), most: seconds(20), whose: 'session' },
  ],
  script_invalid: [{ flaw: 'params' }, { flaw: 'duration' }, { flaw: 'outcome' }],
  unknown_page: [{ after: session }],
  period_reversed: [{ from: after(2), to: after(1) }],
  expiry_past: [{}],

  no_backend: [{}],
  unknown_backend: [
    { backend: 'b9', known: ['b1', 'b2'] },
    { backend: 'b9', known: [] },
  ],
  unknown_program: [
    { program: 'sampler', known: ['scripted'] },
    { program: 'sampler', known: [] },
  ],
  backend_lacks_program: [{ backend, driver: 'aer', program: 'forecast', known: ['sampler', 'estimator'] }],
  unknown_session: [
    { session, instance: 'lab-a' },
    { session, instance: null },
  ],
  unknown_session_for_job: [{ session, instance: 'lab-a' }],
  session_of_other_instance: [{ session, instance: 'lab-a', owner: other }],
  unknown_job: [
    { job, instance: 'lab-a' },
    { job, instance: null },
  ],
  unknown_instance: [{ instance: 'nowhere' }],
  unknown_crn: [{ crn: 'crn:v1' }],
  instance_gone: [{}],
  unknown_token: [{ token: 't9' }],
  unknown_user: [{ user: 'eve' }],
  filter_empty: [{ filter: 'backend' }],

  backend_exists: [{ backend }],
  backend_in_use: [{ backend }],
  instance_exists: [{ name: 'lab-a' }],
  instance_name_reserved: [{ name: 'crn:mine' }],
  session_closed: [
    {
      session,
      ending: { closeCode: 'max_ttl', stateReason: 'max_ttl of 1000 s expired', limits: givenLimits },
    },
    {
      session,
      ending: {
        closeCode: 'drained',
        stateReason: 'drained: it accepts no jobs and has none left',
        limits: givenLimits,
      },
    },
    { session, ending: { closeCode: null, stateReason: null, limits: givenLimits } },
  ],
  session_not_accepting: [{ session }],
  session_elsewhere: [{ session, backend: 'b1', requested: 'b2' }],
  job_final: [{ job, state: 'completed' }],
  job_not_final: [
    { job, state: 'running' },
    { job, state: 'queued' },
  ],
  key_reused: [{}],
  wrong_clock: [{}],

  mode_not_allowed: [
    { instance: 'lab-a', mode: 'dedicated', allowed: [] },
    { instance: 'lab-a', mode: 'dedicated', allowed: ['batch'] },
    { instance: 'lab-a', mode: 'batch', allowed: ['dedicated'] },
  ],
  budget_reached: [
    { instance: 'lab-a', budget: seconds(60), roomAt: null, accruing: false },
    { instance: 'lab-a', budget: seconds(60), roomAt: after(9), accruing: false },
    { instance: 'lab-a', budget: seconds(60), roomAt: after(9), accruing: true },
  ],
  too_many_pending: [
    { instance: 'lab-a', most: 1 },
    { instance: 'lab-a', most: 3 },
  ],

  session_not_yours: [
    { session, owner: 'bert', act: 'drain' },
    { session, owner: 'bert', act: 'close' },
  ],
  job_not_yours: [
    { job, owner: 'bert', act: 'cancel' },
    { job, owner: 'bert', act: 'remove' },
  ],
  session_not_shared: [
    { session, owner: 'bert', act: 'run_jobs', instance: 'lab-a' },
    { session, owner: 'bert', act: 'resume', instance: 'lab-a' },
  ],
  job_not_shared: [
    { job, owner: 'bert', act: 'change_tags', instance: 'lab-a' },
    { job, owner: 'bert', act: 'take_result', instance: 'lab-a' },
  ],
  admin_only: [{}],
  cross_site_password: [{}],
  other_instance: [{ instance: 'crn:v1:b', own }],
  other_instance_unknown: [{ instance: 'crn:v1:z' }],
  other_instance_by_name: [
    { name: 'lab-b', crn: 'crn:v1:b', where: 'header' },
    { name: 'lab-b', crn: 'crn:v1:b', where: 'body' },
  ],
  other_instance_unannounced: [{ own, other }],

  unknown_driver: [{ backend, driver: 'qpu', known: ['scripted', 'aer'] }],
  driver_unavailable: [{ backend, why: 'there is no worker' }],
  unknown_option: [{ backend, driver: 'aer', option: 'noize', known: ['device', 'noise'] }],
  option_invalid: [{ backend, option: 'noise', must: 'true or false' }],
  option_exceeded: [{ backend, option: 'sql_rows', value: 5, limit: 'max_sql_rows', most: 3 }],
  device_missing: [{ backend }],
  unknown_device: [{ backend, device: 'nope', known: ['a', 'b'] }],
  device_unreadable: [
    { backend, device: 'a', file: 'properties.json', flaw: null },
    { backend, device: 'a', file: 'properties.json', flaw: 'Unexpected end of JSON input' },
  ],

  illegal_transition: [
    { of: 'session', id: session, state: 'closed', event: 'jobStarted' },
    { of: 'job', id: job, state: 'completed', event: 'start' },
  ],
  deadline_without_effect: [{ session }],
} as const satisfies { readonly [C in RefusalCode]: readonly Refusals[C][] };

/** The examples one by one; `nth` counts those of one code. */
export const refusalCases: readonly { code: RefusalCode; nth: number; refusal: Refusal }[] = Object.entries(
  refusalExamples,
).flatMap(([code, examples]) =>
  (examples as readonly Refusals[RefusalCode][]).map((params, nth) => ({
    ...{ code: code as RefusalCode, nth },
    refusal: new Refusal(code as RefusalCode, params),
  })),
);
