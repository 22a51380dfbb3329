import type { BackendStatus } from '../../kernel/backend/backend.js';
import type { SessionMode, SessionState } from '../../kernel/session/session.js';

/**
 * The answers of this dialect. `wire.ts` returns these types, so the OpenAPI document and the answers cannot differ.
 */

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
  /** A sentence that says why the session is in this state; null while it is open. */
  state_reason!: string | null;
  accepting_jobs!: boolean;
  /** Granted limit: how long the session may be idle. */
  interactive_ttl!: number;
  /** Granted limit: how long the session may live after the start of its first job. */
  max_ttl!: number;
  /** Remaining active time; 0 once the session is closed. */
  active_ttl!: number;
  created_at!: string;
  started_at!: string | null;
  activated_at!: string | null;
  closed_at!: string | null;
  last_job_started!: string | null;
  last_job_completed!: string | null;
  /** Every state that the session entered, beginning with `open`. */
  timestamps!: TimestampAnswer[];
  user_id!: string;
  /** Time used so far; null until the first job starts. */
  elapsed_time!: number | null;
}

export class SessionsAnswer {
  sessions!: SessionAnswer[];
  /** Send this as `next` to get the following page; null on the last page. */
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
  /** A sentence that says why the job failed or was cancelled. */
  reason?: string;
  /** For example 1217: its session was closed; 1305: it ran too long. */
  reason_code?: number;
}

/** The time that a job used, under the names that different versions of the client read. */
export class JobUsageAnswer {
  seconds!: number;
  quantum_seconds!: number;
  qpu_charge_time_seconds!: number;
  status!: 'pending' | 'complete';
}

export class WaitAnswer {
  /** Null if the start is too far away to estimate. */
  p50_seconds!: number | null;
  p90_seconds!: number | null;
}

/** The place of a queued job. */
export class PlaceAnswer {
  /** 1 for the job that is next on the backend. */
  queue_position?: number;
  waiting_reason?: string;
  /** Seconds until the job starts; null if there is no estimate, and then `wait_estimate_reason` says why. */
  wait_estimate?: WaitAnswer | null;
  wait_estimate_reason?: string;
}

export class JobAnswer extends PlaceAnswer {
  id!: string;
  backend!: string;
  program!: ProgramAnswer;
  state!: JobStateAnswer;
  /** Like `state.status`, but distinguishes cancelled jobs that ran too long from others. */
  status!: string;
  created!: string;
  session_id?: string;
  runtime?: string;
  private?: boolean;
  calibration_id?: string;
  tags!: string[];
  /** Seconds the job may run. */
  cost!: number;
  user_id!: string;
  usage!: JobUsageAnswer;
  /** Estimated running time, at most the limit. Absent in lists, and if there is no history of its program. */
  estimated_running_time_seconds?: number;
}

export class JobWithParamsAnswer extends JobAnswer {
  /** As submitted, byte for byte; `{}` for a private job; absent with `exclude_params=true`. */
  params?: Record<string, unknown>;
}

export class JobsAnswer {
  /** The jobs without their params and places. */
  jobs!: JobAnswer[];
  /** Number of all jobs that match the filter. */
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
  /** Number of attempts. */
  attempts!: number;
  /** Version of Qiskit that ran the job; absent before its end, and if Qiskit did not run it. */
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
  /** Seconds until a job of your instance would start if you submitted it now; null if there is no estimate. */
  wait_time_seconds!: BackendWaitAnswer | null;
  qubits!: number;
  /** Includes qubits that only reset or couple others, if the device's configuration counts them. */
  physical_qubits!: number;
  is_simulator!: boolean;
  processor_type?: Record<string, unknown>;
  lanes!: number;
}

export class DevicesAnswer {
  devices!: DeviceAnswer[];
}

/** The devices, for clients that send no `IBM-API-Version` or one before 2025-01-01. */
export class DeviceNamesAnswer {
  devices!: string[];
}

export class BackendStatusAnswer {
  backend_name!: string;
  backend_version!: string;
  /** Whether the backend accepts jobs. While it is paused, they wait. */
  state!: boolean;
  status!: 'active' | 'paused' | 'offline';
  message!: string;
  length_queue!: number;
  /** Seconds until a job of your instance would start if you submitted it now; null if there is no estimate. */
  wait_time_seconds!: BackendWaitAnswer | null;
}

export class UsagePeriodAnswer {
  start_time!: string;
  end_time!: string;
}

export class InstanceUsageAnswer {
  instance_id!: string;
  plan_id!: string;
  /** Whole seconds, rounded up, like the other durations here. */
  usage_consumed_seconds!: number;
  usage_period!: UsagePeriodAnswer;
  usage_limit_reached!: boolean;
  /** Absent without a budget. */
  usage_limit_seconds?: number;
  /** Absent without a budget. */
  usage_remaining_seconds?: number;
}

/** A change of a session or a job, or an action of an operator. */
export class EventAnswer {
  id!: number;
  /** For example `session.active`, `job.failed`, `backend.paused` or `token.revoked`. */
  type!: string;
  /** When the change took effect. */
  at!: string;
  /** When the service processed the change. */
  processed_at!: string;
  actor!: string;
  cause!: string | null;
  /** Null if the event concerns no backend, such as a new token. */
  backend!: string | null;
  /** The name of the instance; null if the event concerns all of them. */
  instance!: string | null;
  session_id!: string | null;
  job_id!: string | null;
}

export class EventsAnswer {
  events!: EventAnswer[];
  /** Send this as `after` to get the following page; null on the last page. */
  next!: number | null;
}

export class BearerAnswer {
  /** A JWT, to be sent as `Authorization: Bearer …`. */
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
