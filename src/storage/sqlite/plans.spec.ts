import { describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { givenJob, givenSession, t0 } from '../../../test/support/given.js';
import {
  givenBackend,
  givenDatabase,
  givenFolder,
  givenInstance,
  keepJob,
  keepSession,
} from '../../../test/support/store.js';
import { SqliteStore } from './sqlite.store.js';

/** Returns SQLite's query plan for every statement that `work` runs. */
async function plansOf(work: (store: SqliteStore) => Promise<unknown>): Promise<string[]> {
  const folder = await givenFolder();
  const { store } = await givenDatabase(folder);
  await store.write(async (tx) => {
    await tx.instances.insert(givenInstance({ budget: 1000 }));
    await tx.backends.insert(givenBackend({ lanes: 2 }));
    await keepSession(tx, givenSession({ mode: 'batch', state: 'active', queuedJobs: 1 }));
    for (const state of ['queued', 'running'] as const) await keepJob(tx, givenJob({ id: state, state }));
    await keepJob(tx, givenJob({ id: 'in-session', session: 's1', mode: 'batch' }));
  });
  const db = new Database(join(folder, 'stint.sqlite'));
  const plans: string[] = [];
  const watched = {
    prepare: (sql: string) => {
      const statement = db.prepare(sql);
      const explained = (...values: unknown[]) => {
        const steps = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[];
        plans.push(...steps.map(({ detail }) => detail));
      };
      return {
        reader: statement.reader,
        columns: () => statement.columns(),
        raw: () => statement.raw(),
        run: (...values: unknown[]) => statement.run(...values),
        get: (...values: unknown[]) => (explained(...values), statement.get(...values)),
        all: (...values: unknown[]) => (explained(...values), statement.all(...values)),
      };
    },
  };
  const source = { driver: { databaseConnection: watched } } as unknown as DataSource;
  await work(new SqliteStore(source, source));
  db.close();
  return plans;
}

/** Matches plans that read rows in proportion to the number of past jobs. */
const reading = /SCAN (jobs|sessions|ledger|events)|(jobs|sessions)_(listed|all)/;

describe('the statements of every change do not read the whole history:', () => {
  it.each<[string, (store: SqliteStore) => Promise<unknown>]>([
    ['choosing the next job', (store) => store.write((tx) => tx.snapshot('b1', t0, 1000))],
    ['looking at a budget', (store) => store.write((tx) => tx.instances.budget('lab-a', t0, 1000))],
    [
      'telling when a budget has room',
      (store) =>
        store.write((tx) =>
          tx.instances.roomAt('lab-a', { budget: 1, charged: 2, rate: 0, releasedAt: null }, t0, 1000),
        ),
    ],
    ['numbering an activation', (store) => store.write((tx) => tx.sessions.nextActivation())],
    ['finding what is due', (store) => store.write((tx) => tx.firstDeadline(t0))],
    ['asking whether anything accrues', (store) => store.read.isAccruing()],
    [
      'counting the queued jobs of an instance',
      (store) => store.write((tx) => tx.jobs.countQueuedOf('lab-a')),
    ],
    ['finding lost attempts', (store) => store.write((tx) => tx.jobs.runningOnRunners())],
  ])('%s', async (_, work) => {
    const plans = await plansOf(work);
    expect(plans.length).toBeGreaterThan(0);
    expect(plans.filter((step) => reading.test(step))).toEqual([]);
  });
});
