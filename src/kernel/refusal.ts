import type { JobState } from './job/job.js';
import type { Ending, SessionMode, SessionState } from './session/session.js';
import type { Millis } from './time.js';

/** A requested value that has an upper limit, by its name in the kernel. Each dialect maps it to its clients' name. */
export type SessionLimit = 'maxTtl' | 'activeTtl' | 'interactiveTtl';
export type RequestedLimit = SessionLimit | 'maxExecutionTime';

/** An instance, named as it may be shown to the caller. */
interface NamedInstance {
  readonly name: string;
  readonly crn: string;
}

/** For codes without parameters. */
type NoParams = Readonly<Record<never, never>>;

/**
 * Everything that the kernel and the scheduler may refuse: a code with the parameters that a dialect needs to explain
 * it. Each code has exactly one sentence per dialect, in the table `refusals.ts` of the dialect's folder; a new code
 * compiles only once each table contains it. Times are in milliseconds. This file contains no sentences for clients.
 */
export interface Refusals {
  // A value is out of bounds.
  limit_too_short: { readonly limit: RequestedLimit; readonly value: Millis };
  limit_exceeded: { readonly limit: SessionLimit; readonly value: Millis; readonly most: Millis };
  /** The requested `low` must not exceed `high`, which is granted as `most`. */
  limits_out_of_order: {
    readonly low: SessionLimit;
    readonly value: Millis;
    readonly high: SessionLimit;
    readonly most: Millis;
  };
  /** `whose`: which of the applicable limits is exceeded. */
  job_limit_exceeded: {
    readonly value: Millis;
    readonly most: Millis;
    readonly whose: 'backend' | 'plan' | 'session';
  };
  /** `flaw`: the invalid member of a scripted job's params; `params`: the params as a whole are invalid. */
  script_invalid: { readonly flaw: 'params' | 'duration' | 'outcome' };
  /** The page is to start after a session that the list does not contain. */
  unknown_page: { readonly after: string };
  period_reversed: { readonly from: Millis; readonly to: Millis };
  expiry_past: NoParams;

  // A name is unknown. `instance`: the name of the only instance that was searched; null: all were.
  no_backend: NoParams;
  unknown_backend: { readonly backend: string; readonly known: readonly string[] };
  unknown_program: { readonly program: string; readonly known: readonly string[] };
  backend_lacks_program: {
    readonly backend: string;
    readonly driver: string;
    readonly program: string;
    readonly known: readonly string[];
  };
  unknown_session: { readonly session: string; readonly instance: string | null };
  /** The session that a job was submitted to is unknown. */
  unknown_session_for_job: { readonly session: string; readonly instance: string | null };
  /** The session belongs to `owner`, another instance that the caller may act for. */
  session_of_other_instance: {
    readonly session: string;
    readonly instance: string;
    readonly owner: NamedInstance;
  };
  unknown_job: { readonly job: string; readonly instance: string | null };
  unknown_instance: { readonly instance: string };
  unknown_crn: { readonly crn: string };
  /** The token's own instance no longer exists. */
  instance_gone: NoParams;
  unknown_token: { readonly token: string };
  unknown_user: { readonly user: string };
  /** A filter is empty. */
  filter_empty: { readonly filter: 'session' | 'backend' | 'program' | 'user' };

  // The present state forbids the request.
  backend_exists: { readonly backend: string };
  backend_in_use: { readonly backend: string };
  instance_exists: { readonly name: string };
  /** The name looks like a CRN, which only the service assigns. */
  instance_name_reserved: { readonly name: string };
  session_closed: { readonly session: string; readonly ending: Ending };
  session_not_accepting: { readonly session: string };
  /** The session is on another backend than the request names. */
  session_elsewhere: { readonly session: string; readonly backend: string; readonly requested: string };
  job_final: { readonly job: string; readonly state: JobState };
  job_not_final: { readonly job: string; readonly state: JobState };
  /** The idempotency key was used before with another body. */
  key_reused: NoParams;
  /** The clock is real: only a virtual one can be moved. */
  wrong_clock: NoParams;

  // The plan or the budget of an instance forbids the request. `instance`: its name.
  mode_not_allowed: {
    readonly instance: string;
    readonly mode: SessionMode;
    readonly allowed: readonly SessionMode[];
  };
  /** `roomAt`: when the oldest charge leaves the window. `accruing`: charges until then may use that room up. */
  budget_reached: {
    readonly instance: string;
    readonly budget: Millis;
    readonly roomAt: Millis | null;
    readonly accruing: boolean;
  };
  too_many_pending: { readonly instance: string; readonly most: number };

  // The caller has no right to do it.
  session_not_yours: {
    readonly session: string;
    readonly owner: string;
    readonly act: 'drain' | 'close';
  };
  job_not_yours: { readonly job: string; readonly owner: string; readonly act: 'cancel' | 'remove' };
  /** The sharing of the instance does not allow colleagues to do it. `instance`: its name. */
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
  admin_only: NoParams;
  /** A page of another site sent a password that the browser had saved. */
  cross_site_password: NoParams;
  /** The token acts for `own`, and the request names another instance. */
  other_instance: { readonly instance: string; readonly own: NamedInstance };
  // The same for an admin, who may act for any instance that the header names by its CRN.
  other_instance_unknown: { readonly instance: string };
  other_instance_by_name: { readonly name: string; readonly crn: string; readonly where: 'header' | 'body' };
  other_instance_unannounced: { readonly own: NamedInstance; readonly other: NamedInstance };

  // A backend cannot be created or used as described. `why` and `must` are the driver's own words.
  unknown_driver: { readonly backend: string; readonly driver: string; readonly known: readonly string[] };
  driver_unavailable: { readonly backend: string; readonly why: string };
  unknown_option: {
    readonly backend: string;
    readonly driver: string;
    readonly option: string;
    readonly known: readonly string[];
  };
  option_invalid: { readonly backend: string; readonly option: string; readonly must: string };
  /** The value of one option exceeds what another option allows. */
  option_exceeded: {
    readonly backend: string;
    readonly option: string;
    readonly value: number;
    readonly limit: string;
    readonly most: number;
  };
  device_missing: { readonly backend: string };
  unknown_device: { readonly backend: string; readonly device: string; readonly known: readonly string[] };
  /** `flaw`: the error in its JSON; null: the file cannot be read. */
  device_unreadable: {
    readonly backend: string;
    readonly device: string;
    readonly file: string;
    readonly flaw: string | null;
  };

  // A defect: no request can cause it.
  illegal_transition:
    | { readonly of: 'session'; readonly id: string; readonly state: SessionState; readonly event: string }
    | { readonly of: 'job'; readonly id: string; readonly state: JobState; readonly event: string };
  /** A deadline did not change its session, and would stay due forever. */
  deadline_without_effect: { readonly session: string };
}
export type RefusalCode = keyof Refusals;

/**
 * A request that the rules turn down; nothing was stored. Its `message` is for logs only: each dialect makes its own
 * message for clients from the code and the parameters.
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

/** Returns whether `error` is the refusal with this code. */
export const isRefused = <C extends RefusalCode>(error: unknown, code: C): error is Refusal<C> =>
  error instanceof Refusal && error.code === code;

/** Describes a refusal for logs, such as `job final (job: 7; state: completed)`. */
export function describeRefusal(code: RefusalCode, params: object): string {
  const text = (value: unknown) =>
    Array.isArray(value)
      ? value.join(', ')
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value);
  const formatted = Object.entries(params).map(([name, value]) => `${name}: ${text(value)}`);
  return `${code.replaceAll('_', ' ')}${formatted.length === 0 ? '' : ` (${formatted.join('; ')})`}`;
}
