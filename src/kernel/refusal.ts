import type { JobState } from './job/job.js';
import type { Ending, SessionMode, SessionState } from './session/session.js';
import type { Millis } from './time.js';

/** What someone asked for that has an upper limit, by the kernel's names; a dialect knows what its clients call it. */
export type SessionLimit = 'maxTtl' | 'activeTtl' | 'interactiveTtl';
export type AskedLimit = SessionLimit | 'maxExecutionTime';

/** An instance as it is shown to those who may know of it. */
interface NamedInstance {
  readonly name: string;
  readonly crn: string;
}

/** A code without parameters. */
type Nothing = Readonly<Record<never, never>>;

/**
 * Everything that the kernel and the scheduler may refuse: a code, and what a dialect needs to say why. One code stands for
 * one sentence. Times are milliseconds. Each dialect has a table with a sentence for every code (`refusals.ts` in its
 * folder), so a new code does not compile until every dialect can say it. No sentence stands here.
 */
export interface Refusals {
  // A value that is out of bounds.
  limit_too_short: { readonly limit: AskedLimit; readonly asked: Millis };
  limit_exceeded: { readonly limit: SessionLimit; readonly asked: Millis; readonly most: Millis };
  /** `low` must not be longer than `high`, which is granted with `most`. */
  limits_out_of_order: {
    readonly low: SessionLimit;
    readonly asked: Millis;
    readonly high: SessionLimit;
    readonly most: Millis;
  };
  /** `whose`: of the limits that apply the one that is exceeded. */
  job_limit_exceeded: {
    readonly asked: Millis;
    readonly most: Millis;
    readonly whose: 'backend' | 'plan' | 'session';
  };
  /** `flaw`: the member of a scripted job's params that is wrong, or the params as a whole. */
  script_invalid: { readonly flaw: 'params' | 'duration' | 'outcome' };
  /** The session after which a page should begin is none of the list. */
  unknown_page: { readonly after: string };
  period_reversed: { readonly from: Millis; readonly to: Millis };
  expiry_past: Nothing;

  // A name that is not known. `instance`: the only one that was looked in, by name; null: all.
  no_backend: Nothing;
  unknown_backend: { readonly backend: string; readonly known: readonly string[] };
  unknown_program: { readonly program: string; readonly known: readonly string[] };
  backend_lacks_program: {
    readonly backend: string;
    readonly driver: string;
    readonly program: string;
    readonly known: readonly string[];
  };
  unknown_session: { readonly session: string; readonly instance: string | null };
  /** A job was to go there. */
  unknown_session_for_job: { readonly session: string; readonly instance: string | null };
  /** It belongs to `owner`, for which the asker may act. */
  session_of_other_instance: {
    readonly session: string;
    readonly instance: string;
    readonly owner: NamedInstance;
  };
  unknown_job: { readonly job: string; readonly instance: string | null };
  unknown_instance: { readonly asked: string };
  unknown_crn: { readonly crn: string };
  /** The token's own. */
  instance_gone: Nothing;
  unknown_token: { readonly token: string };
  unknown_user: { readonly user: string };
  /** A filter that is given and names nothing. */
  filter_empty: { readonly filter: 'session' | 'backend' | 'program' | 'user' };

  // Something that is in the way.
  backend_exists: { readonly backend: string };
  backend_in_use: { readonly backend: string };
  instance_exists: { readonly name: string };
  /** CRNs are given, not chosen. */
  instance_name_reserved: { readonly name: string };
  session_closed: { readonly session: string; readonly ending: Ending };
  session_not_accepting: { readonly session: string };
  /** The session is on another backend than was asked for. */
  session_elsewhere: { readonly session: string; readonly backend: string; readonly asked: string };
  job_final: { readonly job: string; readonly state: JobState };
  job_not_final: { readonly job: string; readonly state: JobState };
  /** The same idempotency key came with another body. */
  key_reused: Nothing;
  /** The clock is real: only a virtual one can be moved. */
  wrong_clock: Nothing;

  // What the plan or the budget of an instance, given by its name, does not allow.
  mode_not_allowed: {
    readonly instance: string;
    readonly mode: SessionMode;
    readonly allowed: readonly SessionMode[];
  };
  /** `roomAt`: when the oldest charge leaves the window; with `accruing` what is charged until then takes room too. */
  budget_reached: {
    readonly instance: string;
    readonly budget: Millis;
    readonly roomAt: Millis | null;
    readonly accruing: boolean;
  };
  too_many_pending: { readonly instance: string; readonly most: number };

  // What is not the asker's to do.
  session_not_yours: {
    readonly session: string;
    readonly owner: string;
    readonly act: 'drain' | 'close';
  };
  job_not_yours: { readonly job: string; readonly owner: string; readonly act: 'cancel' | 'remove' };
  /** The sharing of the instance, given by its name, does not let colleagues do it. */
  session_not_shared: {
    readonly session: string;
    readonly owner: string;
    readonly act: 'run_jobs' | 'resume';
    readonly instance: string;
  };
  job_not_shared: {
    readonly job: string;
    readonly owner: string;
    readonly act: 'change_tags' | 'take_result';
    readonly instance: string;
  };
  admin_only: Nothing;
  /** A page of another site sent a password that the browser had kept. */
  cross_site_password: Nothing;
  /** The token acts for `own` and the request names another. */
  other_instance: { readonly asked: string; readonly own: NamedInstance };
  // The same of an admin, who may act for any that is named by its CRN in the header.
  other_instance_unknown: { readonly asked: string };
  other_instance_by_name: { readonly asked: string; readonly crn: string; readonly where: 'header' | 'body' };
  other_instance_unannounced: { readonly own: NamedInstance; readonly asked: NamedInstance };

  // A backend that cannot be made or used as it is described. `why` and `must` are the driver's own words.
  unknown_driver: { readonly backend: string; readonly driver: string; readonly known: readonly string[] };
  driver_unavailable: { readonly backend: string; readonly why: string };
  unknown_option: {
    readonly backend: string;
    readonly driver: string;
    readonly option: string;
    readonly known: readonly string[];
  };
  option_invalid: { readonly backend: string; readonly option: string; readonly must: string };
  /** The value of one option is more than another one allows. */
  option_exceeded: {
    readonly backend: string;
    readonly option: string;
    readonly value: number;
    readonly limit: string;
    readonly most: number;
  };
  device_missing: { readonly backend: string };
  unknown_device: { readonly backend: string; readonly device: string; readonly known: readonly string[] };
  /** `flaw`: what is wrong with the JSON in it; null: the file cannot be read at all. */
  device_unreadable: {
    readonly backend: string;
    readonly device: string;
    readonly file: string;
    readonly flaw: string | null;
  };

  // What the rules exclude: nobody who asks can bring it about.
  illegal_transition:
    | { readonly of: 'session'; readonly id: string; readonly state: SessionState; readonly event: string }
    | { readonly of: 'job'; readonly id: string; readonly state: JobState; readonly event: string };
  /** A deadline left its session as it was, and would be due for ever. */
  deadline_without_effect: { readonly session: string };
}
export type RefusalCode = keyof Refusals;

/**
 * A request that the rules turn down. Nothing was stored. Its `message` is for logs: what people read is made of code and
 * parameters by the dialect that they speak.
 */
export class Refusal<C extends RefusalCode = RefusalCode> extends Error {
  constructor(
    readonly code: C,
    readonly params: Refusals[C],
  ) {
    super(describeRefusal(code, params));
    this.name = 'Refusal';
  }
}

/** Whether `error` is the refusal with this code. */
export const isRefused = <C extends RefusalCode>(error: unknown, code: C): error is Refusal<C> =>
  error instanceof Refusal && error.code === code;

/** A refusal in neutral words, such as `job final (job: 7, state: completed)`. */
export function describeRefusal(code: RefusalCode, params: object): string {
  const text = (value: unknown) =>
    Array.isArray(value)
      ? value.join(', ')
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value);
  const said = Object.entries(params).map(([name, value]) => `${name}: ${text(value)}`);
  return `${code.replaceAll('_', ' ')}${said.length === 0 ? '' : ` (${said.join('; ')})`}`;
}
