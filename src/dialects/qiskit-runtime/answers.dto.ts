import type { BackendStatus } from '../../kernel/backend/backend.js';
import type { SessionMode, SessionState } from '../../kernel/session/session.js';

/** What this dialect answers, for the description of the API. `wire.ts` makes them, so neither can say what the other does not. */

export class TimestampAnswer {
  status!: SessionState;
  timestamp!: string;
}

/** Times are ISO 8601 in UTC and end in `Z`; durations are seconds. */
export class SessionAnswer {
  id!: string;
  backend_name!: string;
  mode!: SessionMode;
  state!: SessionState;
  /** Why it is in this state, in a sentence. */
  state_reason!: string | null;
  accepting_jobs!: boolean;
  /** As granted: how long it may have nothing to do. */
  interactive_ttl!: number;
  /** As granted: from the start of its first job. */
  max_ttl!: number;
  /** What is left of the time in which it may run jobs; 0 once it is closed. */
  active_ttl!: number;
  created_at!: string;
  started_at!: string | null;
  activated_at!: string | null;
  closed_at!: string | null;
  last_job_started!: string | null;
  last_job_completed!: string | null;
  /** Every state entered, the first one `open`. */
  timestamps!: TimestampAnswer[];
  user_id!: string;
  /** What it used, the live value while it goes on; null until its first job has started. */
  elapsed_time!: number | null;
}

export class SessionsAnswer {
  sessions!: SessionAnswer[];
  /** Sent as `next` it brings the following page; null on the last one. */
  next!: string | null;
}

export class SubmittedAnswer {
  id!: string;
  backend!: string;
  session_id?: string;
  private?: boolean;
}

export class ProgramAnswer {
  id!: string;
}

export class JobStateAnswer {
  status!: 'Queued' | 'Running' | 'Completed' | 'Failed' | 'Cancelled';
  /** Why it failed or was cancelled, in a sentence. */
  reason?: string;
  /** Such as 1217: its session was closed; 1305: it ran too long. */
  reason_code?: number;
}

/** The same time under the names by which clients of different ages read it. */
export class JobUsageAnswer {
  seconds!: number;
  quantum_seconds!: number;
  qpu_charge_time_seconds!: number;
  status!: 'pending' | 'complete';
}

export class WaitAnswer {
  /** Null beyond what can be foreseen. */
  p50_seconds!: number | null;
  p90_seconds!: number | null;
}

/** Where a queued job stands. */
export class PlaceAnswer {
  /** 1 is the next of all that wait on the backend. */
  queue_position?: number;
  waiting_reason?: string;
  /** Seconds until it starts; null where nobody can tell, and then `wait_estimate_reason` says why. */
  wait_estimate?: WaitAnswer | null;
  wait_estimate_reason?: string;
}

export class JobAnswer extends PlaceAnswer {
  id!: string;
  backend!: string;
  program!: ProgramAnswer;
  state!: JobStateAnswer;
  /** As `state.status`, with what a cancelled job was cancelled for. */
  status!: string;
  created!: string;
  session_id?: string;
  runtime?: string;
  private?: boolean;
  calibration_id?: string;
  tags!: string[];
  /** Seconds it may run. */
  cost!: number;
  user_id!: string;
  usage!: JobUsageAnswer;
  /** Seconds it will probably run, at most its limit. Left out in lists and where nothing is known about its program. */
  estimated_running_time_seconds?: number;
}

export class JobWithParamsAnswer extends JobAnswer {
  /** As submitted, byte for byte; `{}` of a private job; left out with `exclude_params=true`. */
  params?: Record<string, unknown>;
}

export class JobsAnswer {
  /** Without their params and places. */
  jobs!: JobAnswer[];
  /** All that the filter finds. */
  count!: number;
  limit!: number;
  offset!: number;
}

export class JobTimesAnswer {
  created!: string;
  running!: string | null;
  finished!: string | null;
}

export class MetricsAnswer extends PlaceAnswer {
  timestamps!: JobTimesAnswer;
  usage!: JobUsageAnswer;
  /** How often it was started. */
  attempts!: number;
  /** Of the Qiskit that ran it; left out before its end and where no Qiskit did. */
  qiskit_version?: string;
}

export class BackendWaitAnswer {
  p50!: number | null;
  p90!: number | null;
}

export class DeviceStatusAnswer {
  name!: BackendStatus;
  reason?: string;
}

export class DeviceAnswer {
  name!: string;
  status!: DeviceStatusAnswer;
  queue_length!: number;
  /** Seconds until a job of yours would start if it were submitted now; null where nobody can tell. */
  wait_time_seconds!: BackendWaitAnswer | null;
  qubits!: number;
  /** With those that only reset or couple others, where the device's configuration names them. */
  physical_qubits!: number;
  is_simulator!: boolean;
  processor_type?: Record<string, unknown>;
  lanes!: number;
}

export class DevicesAnswer {
  devices!: DeviceAnswer[];
}

/** The same for clients that send no `IBM-API-Version` or one before 2025-01-01. */
export class DeviceNamesAnswer {
  devices!: string[];
}

export class BackendStatusAnswer {
  backend_name!: string;
  backend_version!: string;
  /** Whether it takes jobs; they wait while it is paused. */
  state!: boolean;
  status!: 'active' | 'paused' | 'offline';
  message!: string;
  length_queue!: number;
  /** Seconds until a job of yours would start if it were submitted now; null where nobody can tell. */
  wait_time_seconds!: BackendWaitAnswer | null;
}

export class UsagePeriodAnswer {
  start_time!: string;
  end_time!: string;
}

export class InstanceUsageAnswer {
  instance_id!: string;
  plan_id!: string;
  /** Whole seconds, like the others; rounded up. */
  usage_consumed_seconds!: number;
  usage_period!: UsagePeriodAnswer;
  usage_limit_reached!: boolean;
  /** Left out without a budget. */
  usage_limit_seconds?: number;
  /** Left out without a budget. */
  usage_remaining_seconds?: number;
}

/** One change of a session or a job, or one act of an operator. */
export class EventAnswer {
  id!: number;
  /** Such as `session.active`, `job.failed`, `backend.paused` or `token.revoked`. */
  type!: string;
  /** When it took effect. */
  at!: string;
  /** When the service got to it. */
  processed_at!: string;
  actor!: string;
  cause!: string | null;
  /** Null where the event is of no backend, such as a token that was made. */
  backend!: string | null;
  /** The name of the instance that it concerns; null: all of them. */
  instance!: string | null;
  session_id!: string | null;
  job_id!: string | null;
}

export class EventsAnswer {
  events!: EventAnswer[];
  /** Sent as `after` it brings the following page; null on the last one. */
  next!: number | null;
}

export class BearerAnswer {
  /** A JWT; sent as `Authorization: Bearer …`. */
  access_token!: string;
  refresh_token!: string;
  token_type!: string;
  expires_in!: number;
  /** Seconds since 1970. */
  expiration!: number;
  scope!: string;
}

export class InstanceAnswer {
  crn!: string;
  name!: string;
  service_plan_unique_id!: string;
  doc!: Record<string, unknown>;
  tags!: string[];
}

export class InstancesFoundAnswer {
  items!: InstanceAnswer[];
  limit!: number;
}
