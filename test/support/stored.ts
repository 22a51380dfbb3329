import { defaultLimits, type Backend } from '../../src/kernel/backend/backend.js';
import { deadlineOf } from '../../src/kernel/session/session.deadline.js';
import type { Session } from '../../src/kernel/session/session.js';
import { jobDeadlineOf, type Job } from '../../src/kernel/job/job.js';
import type { Instance, JobDetails, Tx } from '../../src/scheduler/ports.js';
import { t0 } from './given.js';

/* Rows for tests of any store. */

export const givenDetails = (overrides: Partial<JobDetails> = {}): JobDetails => ({
  tags: [],
  logLevel: 'info',
  private: false,
  calibrationId: null,
  runtime: null,
  cost: null,
  ...overrides,
});

export const givenBackend = (overrides: Partial<Backend> = {}): Backend => ({
  name: 'b1',
  driver: 'scripted',
  slots: 1,
  lanes: 1,
  limits: defaultLimits,
  onIdle: 'deactivate',
  status: 'online',
  statusReason: null,
  statusBy: 'operator',
  queuedJobs: 0,
  createdAt: t0,
  options: {},
  ...overrides,
});

export const givenInstance = (overrides: Partial<Instance> = {}): Instance => {
  const { id = 'lab-a' } = overrides;
  return {
    id,
    name: id,
    crn: `crn:${id}`,
    shares: 1,
    budget: null,
    plan: {},
    sharing: 'see',
    createdAt: t0,
    ...overrides,
  };
};

/** Stores a job as given, and counts it if it is queued. Returns its submission number. */
export async function keepJob(tx: Tx, job: Job): Promise<number> {
  const { seq } = await tx.jobs.insert({ ...job, details: givenDetails() }, '{}');
  await tx.jobs.save({ ...job, seq }, jobDeadlineOf(job));
  if (job.state === 'queued') await tx.backends.countQueued(job.backend, 1);
  return seq;
}

export const keepSession = (tx: Tx, session: Session): Promise<void> =>
  tx.sessions.insert(session, deadlineOf(session));
