import { isFinal, jobStates, type Job } from '../../src/kernel/job/job.js';
import { closeCodes, sessionStates } from '../../src/kernel/session/session.js';
import type { LivyEntry, LivyPage, LivyReads, LivyTx } from '../../src/dialects/livy/storage/ports.js';
import { livyReads, livyStore } from '../../src/dialects/livy/storage/store.js';
import type { Tx } from '../../src/scheduler/ports.js';
import { after, givenJob, givenSession, type GivenSession } from '../support/given.js';
import { givenDetails, keepJob, keepSession } from '../support/stored.js';
import type { Given } from './methods.js';

export const write = <T>(all: Given, work: (livy: LivyTx, tx: Tx) => Promise<T>): Promise<T> =>
  all.write((tx) => work(all.observe(livyStore(tx), 'livy.tx'), tx));
export const reads = (all: Given): LivyReads => all.observe(livyReads(all.read), 'livy.read');

export type Entry = Omit<LivyEntry, 'removedAt'>;
export const entry = (overrides: Partial<Entry> = {}): Entry => ({
  ...{
    type: 'session',
    number: 0,
    subject: 's0',
    job: 's0-start',
    instance: 'lab-a',
    name: null,
    request: {},
  },
  ...overrides,
});

/** Stores sessions numbered 0, 1 …, each with these overrides. */
export async function keepSessions(
  all: Given,
  ...overrides: (GivenSession & { name?: string })[]
): Promise<void> {
  await write(all, async (livy, tx) => {
    for (const [number, { name = null, ...each }] of overrides.entries()) {
      const session = givenSession({ id: `s${number}`, ...each });
      await keepSession(tx, session);
      const { id: subject, instance } = session;
      await livy.insert(entry({ number, subject, job: `${subject}-start`, instance, name }));
    }
  });
}

/** Stores batches numbered 0, 1 …, each with these overrides. */
export async function keepBatches(
  all: Given,
  ...overrides: (Partial<Job> & { name?: string })[]
): Promise<void> {
  await write(all, async (livy, tx) => {
    for (const [number, { name = null, ...each }] of overrides.entries()) {
      const job = givenJob({ id: `b${number}`, ...each });
      await keepJob(tx, job);
      const { id, instance } = job;
      await livy.insert(entry({ type: 'batch', number, subject: id, job: id, instance, name }));
    }
  });
}

/** Stores statements of a session with these params, numbered from 0. */
export const keepStatements = (all: Given, session: number, ...params: string[]) =>
  write(all, async (livy, tx) => {
    for (const [n, text] of params.entries()) {
      const job = givenJob({ id: `${session}-${n}`, session: `s${session}`, mode: 'dedicated' });
      await tx.jobs.insert({ ...job, details: givenDetails() }, text);
      await livy.addStatement(session, n, job.id);
    }
  });

export const closed = { state: 'closed', closeCode: 'runner_lost', closedAt: after(10) } as const;
export const ended = { state: 'failed', endedAt: after(10) } as const;
export const page = (overrides: Partial<LivyPage> = {}): LivyPage => ({
  ...{ instance: undefined, onlyOf: undefined, endedAfter: 0, from: 0, size: 99 },
  ...overrides,
});
export const newest = { from: 0, size: 99, newestFirst: true };
export const oldest = { ...newest, newestFirst: false };

/** A session for each close code and time around {@link closed}, and one for each other state. */
export const manySessions: (GivenSession & { name: string })[] = [
  ...sessionStates.filter((state) => state !== 'closed').map((state) => ({ state })),
  ...[...closeCodes, null].flatMap((closeCode) =>
    [-1, 0, 1].map((ms) => ({ ...closed, closeCode, closedAt: closed.closedAt + ms })),
  ),
].map((session, n) => ({ ...session, name: `name-${n}` }));

/** A batch for each state, and if it has ended for each time around {@link ended}. */
export const manyBatches: (Partial<Job> & { name: string })[] = jobStates
  .flatMap((state): Partial<Job>[] =>
    isFinal(state) ? [-1, 0, 1].map((ms) => ({ state, endedAt: ended.endedAt + ms })) : [{ state }],
  )
  .map((job, n) => ({ ...job, name: `name-${n}` }));
