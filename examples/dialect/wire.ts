import { STATUS_CODES } from 'node:http';
import { IsIn, IsInt, IsObject, IsOptional, IsString, Max, Min } from 'class-validator';
import type { Job, JobState } from '../../src/kernel/job/job.js';
import type { Session } from '../../src/kernel/session/session.js';
import type { Millis } from '../../src/kernel/time.js';

export const types = ['ionq.circuit.v1', 'ionq.qasm3.v1', 'ionq.multi-circuit.v1'] as const;

/** The body of `POST /jobs`. */
export class CreateJobRequest {
  @IsIn(types) type!: (typeof types)[number];
  @IsString() backend!: string;
  @IsObject() input!: Record<string, unknown>;
  @IsInt() @Min(1) @Max(1_000_000) shots: number = 100;
  @IsOptional() @IsString() name?: string;
  @IsOptional() @IsString() session_id?: string;
  @IsOptional() @IsObject() metadata?: Record<string, unknown>;
  @IsOptional() @IsObject() settings?: Record<string, unknown>;
}

/** The members of a request that are stored, because answers repeat them. */
export type JobRequestRest = Pick<CreateJobRequest, 'type' | 'shots' | 'name' | 'metadata' | 'settings'>;

/** The body of `POST /sessions`. Limits on cost and on the number of jobs are not supported, so answers omit them. */
export class CreateSessionRequest {
  @IsString() backend!: string;
  @IsOptional() @IsObject() settings?: { readonly duration_limit_min?: unknown };
}

const statuses: Readonly<Record<JobState, string>> = {
  queued: 'ready',
  running: 'started',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'canceled',
};

export const statusOf = ({ state }: Pick<Job, 'state'>): string => statuses[state];

const iso = (at: Millis | null): string | null => (at === null ? null : new Date(at).toISOString());

export const fromJob = (job: Job, { type, shots, name, metadata, settings }: JobRequestRest) => ({
  id: job.id,
  status: statusOf(job),
  type,
  backend: job.backend,
  dry_run: false,
  submitter_id: job.user,
  project_id: null,
  parent_job_id: null,
  session_id: job.session,
  metadata: metadata ?? null,
  name: name ?? null,
  submitted_at: iso(job.createdAt),
  started_at: iso(job.startedAt),
  completed_at: iso(job.endedAt),
  predicted_wait_time_ms: null,
  predicted_execution_duration_ms: null,
  execution_duration_ms: job.endedAt === null || job.startedAt === null ? null : job.endedAt - job.startedAt,
  shots,
  failure: job.state === 'failed' ? { code: 'InternalError', message: job.reason ?? 'It failed.' } : null,
  output: {},
  settings: settings ?? {},
  stats: {},
  results: null,
  child_job_ids: null,
});

export const fromSession = (session: Session) => {
  const { createdAt, startedAt, limits } = session;
  const expires = startedAt === null ? null : startedAt + limits.maxTtl;
  return {
    id: session.id,
    created_at: iso(createdAt),
    organization_id: session.instance,
    backend: session.backend,
    project_id: null,
    creator_id: session.user,
    ended_at: iso(session.closedAt),
    ender_id: null,
    settings: { duration_limit_min: limits.maxTtl / 60_000, expires_at: iso(expires) },
    active: session.state !== 'closed',
    status: session.state === 'closed' ? 'ended' : startedAt === null ? 'created' : 'started',
    started_at: iso(startedAt),
  };
};

/** Returns an error body in IonQ's form. */
export const errorOf = (status: number, message: string) => ({
  statusCode: status,
  error: `${STATUS_CODES[status] ?? 'Unknown'} Error`,
  message,
});
