import { deadlineRank } from '../../kernel/session/session.deadline.js';
import type { Backend } from '../../kernel/backend/backend.js';
import type { Job } from '../../kernel/job/job.js';
import type { Session } from '../../kernel/session/session.js';
import type { LedgerEntry } from '../../kernel/usage/usage.js';
import type { Deadline, Instance, JobRecord, Token } from '../../scheduler/ports.js';
import { storedForms } from '../stored-forms.js';
import type { BackendRow, InstanceRow, JobRow, LedgerRow, SessionRow, TokenRow } from './entities/rows.js';
import type { Value } from './sql.js';

/** Converts between rows and kernel types. A row class lists every column, so a missing one does not compile. */
type Columns<R> = { readonly [K in keyof R]: Value };

/** PostgreSQL returns 64-bit integers as text. */
const number = (value: unknown): number => Number(value);
const numberOrNull = (value: unknown): number | null => (value === null ? null : Number(value));

/** Converts a deadline to its columns. The rank orders the index of deadlines; reads use the kind. */
const dueColumns = (due: Deadline | null) => ({
  due_at: due?.at ?? null,
  due_rank: due === null ? null : deadlineRank[due.kind],
  due_kind: due?.kind ?? null,
});

export function toSession(row: SessionRow): Session {
  return {
    id: row.id,
    backend: row.backend,
    instance: row.instance,
    user: row.user,
    mode: storedForms.session.mode(row.mode, row.id),
    limits: storedForms.session.limits.read(row.limits, row.id),
    state: storedForms.session.state(row.state, row.id),
    stateReason: row.state_reason,
    closeCode: row.close_code === null ? null : storedForms.session.closeCode(row.close_code, row.id),
    acceptingJobs: row.accepting_jobs === 1,
    createdAt: number(row.created_at),
    startedAt: numberOrNull(row.started_at),
    activatedAt: numberOrNull(row.activated_at),
    activation: numberOrNull(row.activation),
    closedAt: numberOrNull(row.closed_at),
    lastJobStarted: numberOrNull(row.last_job_started),
    lastJobCompleted: numberOrNull(row.last_job_completed),
    timestamps: storedForms.session.timestamps.read(row.timestamps, row.id),
    queuedJobs: row.queued_jobs,
    runningJobs: row.running_jobs,
    headSeq: numberOrNull(row.head_seq),
    idleSince: numberOrNull(row.idle_since),
    clientSeenAt: numberOrNull(row.heard_at),
    activeSpent: number(row.active_spent),
    activeSince: numberOrNull(row.active_since),
    used: number(row.used),
    slot: row.slot,
    heldSince: numberOrNull(row.held_since),
    runningStarts: number(row.running_starts),
  };
}

export function fromSession(s: Session, due: Deadline | null): Columns<SessionRow> {
  return {
    id: s.id,
    backend: s.backend,
    instance: s.instance,
    user: s.user,
    mode: s.mode,
    limits: storedForms.session.limits.write(s.limits),
    state: s.state,
    state_reason: s.stateReason,
    close_code: s.closeCode,
    accepting_jobs: s.acceptingJobs ? 1 : 0,
    created_at: s.createdAt,
    started_at: s.startedAt,
    activated_at: s.activatedAt,
    activation: s.activation,
    closed_at: s.closedAt,
    last_job_started: s.lastJobStarted,
    last_job_completed: s.lastJobCompleted,
    timestamps: storedForms.session.timestamps.write(s.timestamps),
    queued_jobs: s.queuedJobs,
    running_jobs: s.runningJobs,
    head_seq: s.headSeq,
    idle_since: s.idleSince,
    heard_at: s.clientSeenAt,
    active_spent: s.activeSpent,
    active_since: s.activeSince,
    used: s.used,
    slot: s.slot,
    held_since: s.heldSince,
    running_starts: s.runningStarts,
    ...dueColumns(due),
  };
}

export function toJob(row: JobRow): Job {
  return {
    id: row.id,
    seq: number(row.seq),
    backend: row.backend,
    instance: row.instance,
    user: row.user,
    chargedTo: row.charged_to ?? row.user,
    session: row.session,
    mode: storedForms.job.mode(row.mode, row.id),
    program: row.program,
    state: storedForms.job.state(row.state, row.id),
    reason: row.reason,
    endCode: row.end_code === null ? null : storedForms.job.endCode(row.end_code, row.id),
    reasonCode: row.reason_code,
    createdAt: number(row.created_at),
    startedAt: numberOrNull(row.started_at),
    endedAt: numberOrNull(row.ended_at),
    maxExecutionTime: number(row.max_execution_time),
    script: row.script === null ? null : storedForms.job.script.read(row.script, row.id),
    attempts: row.attempts,
    maxAttempts: row.max_attempts,
    token: row.token,
    slot: row.slot,
    stop: row.stop === null ? null : storedForms.job.stop.read(row.stop, row.id),
    used: number(row.used),
  };
}

/** Adds to the object that `toJob` returns instead of copying it: jobs are read more often than anything else. */
export const toJobRecord = (row: JobRow): JobRecord =>
  Object.assign(toJob(row), { details: storedForms.job.details.read(row.details, row.id) });

/** `seq` is assigned by the database, and `details` are written separately. */
export function fromJob(j: Omit<Job, 'seq'>, due: Deadline | null): Columns<Omit<JobRow, 'seq' | 'details'>> {
  return {
    id: j.id,
    backend: j.backend,
    instance: j.instance,
    user: j.user,
    charged_to: j.chargedTo === j.user ? null : j.chargedTo,
    session: j.session,
    mode: j.mode,
    program: j.program,
    state: j.state,
    reason: j.reason,
    end_code: j.endCode,
    reason_code: j.reasonCode,
    created_at: j.createdAt,
    started_at: j.startedAt,
    ended_at: j.endedAt,
    max_execution_time: j.maxExecutionTime,
    script: j.script === null ? null : storedForms.job.script.write(j.script),
    attempts: j.attempts,
    max_attempts: j.maxAttempts,
    token: j.token,
    slot: j.slot,
    stop: j.stop === null ? null : storedForms.job.stop.write(j.stop),
    used: j.used,
    ...dueColumns(due),
  };
}

export const toBackend = (row: BackendRow): Backend => ({
  name: row.name,
  driver: row.driver,
  slots: row.slots,
  lanes: row.lanes,
  limits: storedForms.backend.limits.read(row.limits, row.name),
  onIdle: storedForms.backend.onIdle(row.on_idle, row.name),
  status: storedForms.backend.status(row.status, row.name),
  statusReason: row.status_reason,
  statusBy: storedForms.backend.statusBy(row.status_by, row.name),
  queuedJobs: row.queued_jobs,
  createdAt: number(row.created_at),
  options: storedForms.backend.options.read(row.options, row.name),
});

/** `queued_jobs` is updated separately, so that an operator's change never overwrites it. */
export const fromBackend = (b: Backend): Columns<Omit<BackendRow, 'queued_jobs'>> => ({
  name: b.name,
  driver: b.driver,
  slots: b.slots,
  lanes: b.lanes,
  limits: storedForms.backend.limits.write(b.limits),
  on_idle: b.onIdle,
  status: b.status,
  status_reason: b.statusReason,
  status_by: b.statusBy,
  options: storedForms.backend.options.write(b.options),
  created_at: b.createdAt,
});

export const toInstance = (row: InstanceRow): Instance => ({
  id: row.id,
  name: row.name,
  crn: row.crn,
  shares: row.shares,
  budget: numberOrNull(row.budget),
  plan: storedForms.instance.plan.read(row.plan, row.id),
  sharing: storedForms.instance.sharing(row.sharing, row.id),
  createdAt: number(row.created_at),
});

export const fromInstance = (i: Instance): Columns<InstanceRow> => ({
  id: i.id,
  name: i.name,
  crn: i.crn,
  shares: i.shares,
  budget: i.budget,
  plan: storedForms.instance.plan.write(i.plan),
  sharing: i.sharing,
  charged: 0,
  due_at: null,
  created_at: i.createdAt,
});

export const toToken = (row: TokenRow): Token => ({
  id: row.id,
  hash: row.hash,
  user: row.user,
  role: storedForms.token.role(row.role, row.id),
  instance: row.instance,
  createdAt: number(row.created_at),
  expiresAt: numberOrNull(row.expires_at),
  revokedAt: numberOrNull(row.revoked_at),
});

export const fromToken = (t: Token): Columns<TokenRow> => ({
  id: t.id,
  hash: t.hash,
  user: t.user,
  role: t.role,
  instance: t.instance,
  created_at: t.createdAt,
  expires_at: t.expiresAt,
  revoked_at: t.revokedAt,
});

export const toLedgerEntry = (row: LedgerRow): LedgerEntry & { id: number } => ({
  id: number(row.id),
  kind: storedForms.ledger.kind(row.kind, String(row.id)),
  backend: row.backend,
  slot: row.slot,
  instance: row.instance,
  user: row.user,
  session: row.session,
  job: row.job,
  from: number(row.from),
  to: number(row.to),
});
