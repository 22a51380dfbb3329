import type { Backend, BackendStatus } from '../../kernel/backend/backend.js';
import type { QueuePlace } from '../../kernel/choice/waiting.js';
import { isFinal, type EndCode, type JobState } from '../../kernel/job/job.js';
import { activeRemaining, elapsedTime, type Session } from '../../kernel/session/session.js';
import { toSeconds, toWholeSeconds, type Millis } from '../../kernel/time.js';
import type { WaitEstimate } from '../../scheduler/estimates.service.js';
import type { Device } from '../../scheduler/devices.ports.js';
import type { EventRecord, Instance, JobRecord } from '../../scheduler/ports.js';
import type {
  BackendStatusAnswer,
  BackendWaitAnswer,
  DeviceAnswer,
  EventAnswer,
  InstanceUsageAnswer,
  JobAnswer,
  JobUsageAnswer,
  MetricsAnswer,
  PlaceAnswer,
  SessionAnswer,
} from './answers.dto.js';

/** Formats a time in UTC with `Z`, because the client replaces the zone instead of converting (dialect, values). */
export const toIso = (at: Millis): string => new Date(at).toISOString();
const toIsoOrNull = (at: Millis | null): string | null => (at === null ? null : toIso(at));

const jobStatus = {
  queued: 'Queued',
  running: 'Running',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
} as const satisfies Record<JobState, string>;

/** The states that `pending` in `GET /jobs` selects: these if it is true, the ended ones if it is false. */
export const pendingStates: readonly JobState[] = ['queued', 'running'];
export const endedStates: readonly JobState[] = ['completed', 'failed', 'cancelled'];

/** Returns a session in the form of `GET /sessions/{id}`. */
export function fromSession(s: Session, at: Millis): SessionAnswer {
  const elapsed = elapsedTime(s, at);
  return {
    id: s.id,
    backend_name: s.backend,
    mode: s.mode,
    state: s.state,
    state_reason: s.stateReason,
    accepting_jobs: s.acceptingJobs,
    interactive_ttl: toWholeSeconds(s.limits.interactiveTtl),
    max_ttl: toWholeSeconds(s.limits.maxTtl),
    // QRMI reuses a session with time left. It reads a missing member as 1, so send 0 for a closed session.
    active_ttl: s.state === 'closed' ? 0 : toWholeSeconds(activeRemaining(s, at)),
    created_at: toIso(s.createdAt),
    started_at: toIsoOrNull(s.startedAt),
    activated_at: toIsoOrNull(s.activatedAt),
    closed_at: toIsoOrNull(s.closedAt),
    last_job_started: toIsoOrNull(s.lastJobStarted),
    last_job_completed: toIsoOrNull(s.lastJobCompleted),
    timestamps: s.timestamps.map(({ status, at }) => ({ status, timestamp: toIso(at) })),
    user_id: s.user,
    elapsed_time: elapsed === null ? null : toSeconds(elapsed),
  };
}

/** IBM's reason codes for jobs that the service ended. Other jobs have the reason code of their program. */
const endNumbers = {
  session_closed: 1217,
  ran_too_long: 1305,
  runner_lost: 1010,
} as const satisfies Record<EndCode, number>;

/** Returns a job in the form of lists and of `GET /jobs/{id}`, without its params. */
export function fromJob(
  job: JobRecord,
  at: Millis,
  place: QueuePlace | null = null,
  estimate: WaitEstimate | null = null,
  runningTime: Millis | null = null,
): JobAnswer {
  const { details } = job;
  const tooLong = job.state === 'cancelled' && job.endCode === 'ran_too_long';
  // Undefined members are not written. One literal keeps this fast: clients poll jobs more than anything else.
  return {
    id: job.id,
    backend: job.backend,
    program: { id: job.program },
    state: {
      status: jobStatus[job.state],
      reason: job.reason ?? job.stop?.reason,
      reason_code: (job.endCode === null ? job.reasonCode : endNumbers[job.endCode]) ?? undefined,
    },
    status: tooLong ? 'Cancelled - Ran too long' : jobStatus[job.state],
    created: toIso(job.createdAt),
    session_id: job.session ?? undefined,
    runtime: details.runtime ?? undefined,
    private: details.private || undefined,
    calibration_id: details.calibrationId ?? undefined,
    tags: details.tags as string[],
    cost: toWholeSeconds(job.maxExecutionTime),
    user_id: job.user,
    usage: usageOf(job, at),
    estimated_running_time_seconds: runningTime === null ? undefined : toSeconds(runningTime),
    ...fromPlace(place, estimate),
  };
}

/** Returns the place of a queued job and why it waits. IBM's API has no such fields. */
const fromPlace = (place: QueuePlace | null, estimate: WaitEstimate | null): PlaceAnswer | undefined =>
  place === null && estimate === null
    ? undefined
    : {
        ...(place !== null && { queue_position: place.position, waiting_reason: place.reason }),
        ...(estimate !== null && {
          wait_estimate: estimate.wait && {
            p50_seconds: secondsOrNull(estimate.wait.p50),
            p90_seconds: secondsOrNull(estimate.wait.p90),
          },
          ...(estimate.reason !== null && { wait_estimate_reason: estimate.reason }),
        }),
      };

const secondsOrNull = (ms: Millis | null): number | null => (ms === null ? null : toSeconds(ms));

/** Returns how long a lone job would wait if it were submitted now; null if there is no estimate. */
const waitTime = ({ wait }: WaitEstimate): BackendWaitAnswer | null =>
  wait && { p50: secondsOrNull(wait.p50), p90: secondsOrNull(wait.p90) };

export function metricsOf(
  job: JobRecord,
  at: Millis,
  place: QueuePlace | null,
  estimate: WaitEstimate | null,
): MetricsAnswer {
  return {
    timestamps: {
      created: toIso(job.createdAt),
      running: toIsoOrNull(job.startedAt),
      finished: toIsoOrNull(job.endedAt),
    },
    usage: usageOf(job, at),
    attempts: job.attempts,
    qiskit_version: job.details.ranWith?.['qiskit'],
    ...fromPlace(place, estimate),
  };
}

/**
 * Returns the usage of a job under all the names that clients read: `quantum_seconds` up to 0.47, the charge time of
 * complete jobs later. Clients generated from IBM's description require `seconds`.
 */
function usageOf(job: JobRecord, at: Millis): JobUsageAnswer {
  const running = job.state === 'running' && job.startedAt !== null ? at - job.startedAt : 0;
  const spent = toSeconds(job.used + running);
  return {
    seconds: spent,
    quantum_seconds: spent,
    qpu_charge_time_seconds: spent,
    status: isFinal(job.state) ? 'complete' : 'pending',
  };
}

/** Returns a backend in the form of `GET /backends`. */
export function fromBackend(
  backend: Backend,
  { configuration }: Device,
  estimate: WaitEstimate,
): DeviceAnswer {
  return {
    name: backend.name,
    status: { name: backend.status, ...(backend.statusReason !== null && { reason: backend.statusReason }) },
    queue_length: backend.queuedJobs,
    wait_time_seconds: waitTime(estimate),
    qubits: configuration['n_qubits'] as number,
    physical_qubits: (configuration['physical_qubits'] ?? configuration['n_qubits']) as number,
    is_simulator: false,
    ...('processor_type' in configuration && {
      processor_type: configuration['processor_type'] as Record<string, unknown>,
    }),
    lanes: backend.lanes,
  };
}

const statusWord = { online: 'active', paused: 'paused', offline: 'offline' } as const satisfies Record<
  BackendStatus,
  string
>;

/**
 * Returns the answer to `GET /backends/{name}/status`. If the status is not `active`, the client warns at each submit.
 */
export const statusOf = (
  backend: Backend,
  device: Device | null,
  estimate: WaitEstimate,
): BackendStatusAnswer => ({
  backend_name: backend.name,
  backend_version: String(device?.configuration['backend_version'] ?? '1.0.0'),
  state: backend.status !== 'offline',
  status: statusWord[backend.status],
  message: backend.statusReason ?? '',
  length_queue: backend.queuedJobs,
  wait_time_seconds: waitTime(estimate),
});

/**
 * Returns the answer to `GET /instances/usage`. A limit that is not set must be absent: null would crash the client.
 */
export function usageOfInstance(
  instance: Instance,
  charged: { charged: Millis; from: Millis; to: Millis },
): InstanceUsageAnswer {
  // Clients subtract usage from limit and expect whole seconds.
  const consumed = toWholeSeconds(charged.charged);
  const limit = instance.budget === null ? null : toWholeSeconds(instance.budget);
  return {
    instance_id: instance.crn,
    plan_id: 'stint',
    usage_consumed_seconds: consumed,
    usage_period: { start_time: toIso(charged.from), end_time: toIso(charged.to) },
    usage_limit_reached: instance.budget !== null && charged.charged >= instance.budget,
    ...(limit !== null && {
      usage_limit_seconds: limit,
      usage_remaining_seconds: Math.max(0, limit - consumed),
    }),
  };
}

/** Returns an event in the form of `GET /sessions/{id}/events`. */
export const fromEvent = (event: EventRecord, names: ReadonlyMap<string, string>): EventAnswer => ({
  id: event.id,
  type: event.type,
  at: toIso(event.at),
  processed_at: toIso(event.processedAt),
  actor: event.actor,
  cause: event.cause,
  backend: event.backend,
  instance: event.instance === null ? null : (names.get(event.instance) ?? null),
  session_id: event.session,
  job_id: event.job,
});
