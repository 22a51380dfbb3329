import type { Job } from '../../src/kernel/job/job.js';
import type { Session } from '../../src/kernel/session/session.js';
import { seconds } from '../../src/kernel/time.js';
import type { LedgerEntry } from '../../src/kernel/usage/usage.js';
import type { Tx } from '../../src/scheduler/ports.js';
import { after, givenJob, givenSession, t0, type GivenSession } from '../support/given.js';
import { givenBackend, keepJob, keepSession } from '../support/stored.js';
import type { Given } from './methods.js';

/** The fair-share window of these tests: 1000 seconds. */
export const window = seconds(1000);

/** Stores a session with `jobs` queued jobs named `s1-1`, `s1-2` …, and updates all counters. */
export async function keepQueue(tx: Tx, overrides: GivenSession, jobs: number): Promise<Session> {
  const session = givenSession({ ...overrides, queuedJobs: jobs });
  const { id, backend, instance, mode } = session;
  let headSeq: number | null = null;
  for (let n = 1; n <= jobs; n += 1) {
    const seq = await keepJob(tx, givenJob({ id: `${id}-${n}`, session: id, backend, instance, mode }));
    headSeq ??= seq;
  }
  const counted = { ...session, headSeq };
  await keepSession(tx, counted);
  return counted;
}

/** Stores lone jobs with these ids. Returns their submission numbers. */
export async function keepLone(tx: Tx, overrides: Partial<Job>, ...ids: string[]): Promise<number[]> {
  const seqs: number[] = [];
  for (const id of ids) seqs.push(await keepJob(tx, givenJob({ ...overrides, id })));
  return seqs;
}

/** A ledger entry of `lab-a` for a lone job; `from` and `to` in seconds after {@link t0}. */
export const entry = (from: number, to: number, overrides: Partial<LedgerEntry> = {}): LedgerEntry => ({
  kind: 'job',
  backend: 'b1',
  slot: 0,
  instance: 'lab-a',
  user: 'alice',
  session: null,
  job: 'j1',
  ...overrides,
  from: t0 + seconds(from),
  to: t0 + seconds(to),
});

/** A session in which no member is null. */
export const fullSession: Session = {
  ...{ id: 'full', backend: 'b2', instance: 'lab-b', user: 'bob', mode: 'batch' },
  limits: {
    ...{ interactiveTtl: 1001, activeTtl: 1002, maxTtl: 1003, unusedTtl: 1004, onIdle: 'close' },
    ...{ heartbeatTtl: 1005, busyIsIdle: true },
  },
  ...{ state: 'closed', stateReason: "for “ünïcode” and 'quotes'", closeCode: 'drained' },
  acceptingJobs: false,
  ...{ createdAt: t0 + 1, startedAt: t0 + 2, activatedAt: t0 + 3, activation: 4, closedAt: t0 + 5 },
  ...{ lastJobStarted: t0 + 6, lastJobCompleted: t0 + 7 },
  timestamps: [
    { status: 'open', at: t0 + 1 },
    { status: 'closed', at: t0 + 5 },
  ],
  ...{ queuedJobs: 8, runningJobs: 9, headSeq: 10, idleSince: t0 + 11, clientSeenAt: t0 + 12 },
  ...{ activeSpent: 13, activeSince: t0 + 14, used: 15, slot: 16, heldSince: t0 + 17 },
  // Exceeds 32 bits, and is the sum over more than a hundred jobs.
  runningStarts: 200 * t0,
};

/** A job in which no member is null. */
export const fullJob: Job = {
  ...{ id: 'full', seq: 0, backend: 'b2', instance: 'lab-b', user: 'bob', chargedTo: 'carol' },
  ...{ session: 's1', mode: 'dedicated', program: 'estimator' },
  ...{ state: 'failed', reason: "for “ünïcode” and 'quotes'", endCode: 'ran_too_long', reasonCode: 1517 },
  ...{ createdAt: t0 + 1, startedAt: t0 + 2, endedAt: t0 + 3, maxExecutionTime: 4 },
  script: { duration: 5, outcome: 'failed' },
  ...{ attempts: 6, maxAttempts: 7, token: 'attempt-6', slot: 8 },
  stop: { at: t0 + 9, reason: 'because', endCode: 'session_closed' },
  used: 10,
};

/** Returns a copy without one of its members. */
export function without<T extends object, K extends keyof T>(of: T, member: K): Omit<T, K> {
  const rest: Partial<T> = { ...of };
  delete rest[member];
  return rest as Omit<T, K>;
}

/** The time of reads in these tests: half of the charges since {@link t0} have left the window. */
export const at = after(2000);

/** Gives `b1` this many slots and lanes. */
export const widen = ({ write }: Given, slots: number, lanes = 1): Promise<void> =>
  write((tx) => tx.backends.save(givenBackend({ slots, lanes })));

/** A running job. */
export const running = (id: string, overrides: Partial<Job> = {}): Job =>
  givenJob({ id, state: 'running', ...overrides });

/** Stores jobs and sessions that reads of `b1` must leave out: on another backend, ended, closed. */
export async function keepElsewhere(tx: Tx): Promise<void> {
  await keepLone(tx, { backend: 'b2', instance: 'lab-b' }, 'x1');
  await keepQueue(tx, { id: 'x2', backend: 'b2' }, 1);
  await keepQueue(tx, { id: 'x3', backend: 'b2', state: 'active', mode: 'batch', activation: 90 }, 1);
  await keepJob(tx, running('x4', { backend: 'b2' }));
  await keepJob(tx, givenJob({ id: 'x5', state: 'completed', startedAt: t0, endedAt: after(1) }));
  await keepSession(tx, givenSession({ id: 'x6', state: 'closed' }));
  await keepSession(tx, givenSession({ id: 'x7', backend: 'b2', state: 'active', slot: 0 }));
}
