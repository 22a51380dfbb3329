import { expect, it } from '@jest/globals';
import { livyReads, livyStore } from '../../src/dialects/livy/storage/store.js';
import type { LearnSession } from '../../src/dialects/nexosis/storage/ports.js';
import { nexosisReads } from '../../src/dialects/nexosis/storage/reads.js';
import { nexosisStore } from '../../src/dialects/nexosis/storage/store.js';
import { LongText, inMemory, pieceSize, wholeOf } from '../../src/scheduler/long-text.js';
import type { JobRecord } from '../../src/scheduler/ports.js';
import type { Query } from '../../src/scheduler/query.ports.js';
import { after, givenJob, givenSession, t0 } from '../support/given.js';
import { givenDetails, keepJob, keepSession } from '../support/stored.js';
import { without } from './given.js';
import type { Given, SuiteOf } from './methods.js';
import { givenEvent } from './records.suite.js';

/*
 * The suite contains no SQL. Each dialect brings the SQL for its own tables, so these tests call the dialects' reads
 * and writes to test the query port.
 */

const about = { instance: 'lab-a', name: null, request: { kind: 'spark' } } as const;
/** Stores session 0 of Livy with this many statements, and batch 0. */
async function keepLivy({ write }: Given, statements = 3): Promise<void> {
  await write(async (tx) => {
    const livy = livyStore(tx);
    await keepSession(tx, givenSession({ id: 's1' }));
    await livy.insert({ type: 'session', number: 0, subject: 's1', job: 'start', ...about });
    for (let n = 0; n < statements; n += 1) {
      const job = {
        ...givenJob({ id: `st${n}`, session: 's1', mode: 'dedicated' }),
        details: givenDetails(),
      };
      await tx.jobs.insert(job, `params ${n}`);
      await livy.addStatement(0, n, `st${n}`);
    }
    await keepJob(tx, givenJob({ id: 'batch', state: 'running' }));
    await livy.insert({ type: 'batch', number: 0, subject: 'batch', job: 'batch', ...about });
  });
}

const learnSession = (overrides: Partial<LearnSession> = {}): LearnSession => ({
  ...{ id: 'l1', job: 'j1', instance: 'lab-a', user: 'alice', domain: 'forecast', name: 'n' },
  ...{ source: 'Data', sourceKind: 'dataSet', target: 't', eventName: null, start: null, end: null },
  ...{ interval: null, callbackUrl: null, token: null, base: 'http://localhost', columns: [] },
  ...{ missingValues: [], extra: {}, messages: [], modelId: null, requestedAt: t0, outcome: null },
  ...overrides,
});
const keepLearned = ({ write }: Given, ...sessions: LearnSession[]) =>
  write(async (tx) => {
    for (const session of sessions) await nexosisStore(tx).sessions.insert(session);
  });
const everySession = { instance: 'lab-a', sortBy: 'id', descending: false, limit: 9, offset: 0 } as const;

/** Runs work on the query port in one of its two places. */
type RunQuery = <T>(all: Given, ask: (of: { readonly query: Query }) => Promise<T>) => Promise<T>;
const inTransaction: RunQuery = ({ write }, ask) => write((tx) => ask(tx));
const inReads: RunQuery = ({ read }, ask) => ask(read);

/** Tests for both places. */
const common = (runQuery: RunQuery): Omit<SuiteOf<Query>, 'run' | 'noteWrite'> => ({
  all(given) {
    it('returns all rows in the requested order, or none', async () => {
      const all = await given();
      await keepLivy(all);
      const page = { from: 0, size: 9, newestFirst: true };
      const numbers = (session: number, more: object = {}) =>
        runQuery(all, (of) => livyReads(of).statementNumbers(session, { ...page, ...more }));
      expect(await numbers(0)).toEqual({ numbers: [2, 1, 0], total: 3 });
      expect(await numbers(0, { from: 1, size: 1, newestFirst: false })).toEqual({ numbers: [1], total: 3 });
      expect(await numbers(7)).toEqual({ numbers: [], total: 0 });
    });
  },

  one(given) {
    it('returns one row, or null', async () => {
      const all = await given();
      await keepLivy(all);
      const bySubject = (subject: string) =>
        runQuery(all, (of) => livyStore(of).bySubject('session', subject));
      const entry = { type: 'session', number: 0, subject: 's1', job: 'start', ...about };
      expect(await bySubject('s1')).toEqual({ ...entry, removedAt: null });
      expect(await bySubject('batch')).toBeNull();
    });
  },

  rows: {
    job(given) {
      it("converts a job's row", async () => {
        const all = await given();
        await keepLivy(all);
        const job = without((await all.read.job('batch')) as JobRecord, 'details');
        expect((await runQuery(all, (of) => livyReads(of).batch(0, 'lab-a')))?.run).toEqual(job);
      });
    },
    session(given) {
      it("converts a session's row", async () => {
        const all = await given();
        await keepLivy(all);
        const found = await runQuery(all, (of) => livyReads(of).session(0, 'lab-a'));
        expect(found?.session).toEqual(await all.read.session('s1'));
      });
    },
    event(given) {
      it("converts an event's row", async () => {
        const all = await given();
        await keepLearned(all, learnSession());
        await all.write(async ({ events }) => {
          await events.append(givenEvent({ job: 'other' }));
          await events.append(givenEvent({ job: 'j1', backend: 'b1', session: 's1' }));
        });
        const range = { types: ['job.queued'], after: 0, upTo: 99, limit: 9 } as const;
        const found = await runQuery(all, (of) => nexosisReads(of).eventsOfSessions(range));
        expect(found).toEqual((await all.read.events({ after: 0, limit: 9 })).slice(1));
      });
    },
  },

  text(given) {
    it('returns a short text', async () => {
      const all = await given();
      await keepLivy(all);
      const statement = await runQuery(all, (of) => livyReads(of).statement(0, 1));
      expect(statement).toMatchObject({ number: 1, params: 'params 1', output: null });
    });

    it('returns params or a result that are stored in pieces', async () => {
      const all = await given();
      await keepLivy(all, 1);
      const pieces = [Buffer.alloc(pieceSize, 'a'), Buffer.from('end')];
      const long = await all.write((tx) => tx.texts.begin());
      await all.write((tx) => tx.texts.append(long, 0, pieces));
      await all.write((tx) => tx.jobs.saveResult('st0', new LongText(inMemory(pieces), long, 'head ')));
      const whole = await runQuery(all, async (of) => {
        const output = (await livyReads(of).statement(0, 0))?.output ?? null;
        return output === null ? null : wholeOf(output);
      });
      expect(whole).toBe(`head ${'a'.repeat(pieceSize)}end`);
    });
  },

  sql: {
    member(given) {
      it('compares a member of a JSON object', async () => {
        const all = await given();
        await keepLearned(all, learnSession(), learnSession({ id: 'l2', job: 'j2', user: 'bob' }));
        const { items, total } = await runQuery(all, (of) =>
          nexosisReads(of).sessions({ ...everySession, user: 'bob' }),
        );
        expect([total, items.map(({ id }) => id)]).toEqual([1, ['l2']]);
      });
    },
    contains(given) {
      it('searches for a substring of any characters', async () => {
        const all = await given();
        const names = ['50%', '50 of 100', 'a_b', 'axb'];
        await keepLearned(
          all,
          ...names.map((eventName, n) => learnSession({ id: `l${n}`, job: `j${n}`, eventName })),
        );
        const having = async (eventName: string) =>
          (await runQuery(all, (of) => nexosisReads(of).sessions({ ...everySession, eventName }))).items.map(
            (each) => each.eventName,
          );
        expect(await having('50')).toEqual(['50%', '50 of 100']);
        expect(await having('%')).toEqual(['50%']);
        expect(await having('a_')).toEqual(['a_b']);
        expect(await having('of 1')).toEqual(['50 of 100']);
      });
    },
  },
});

export const queryTxSuite: SuiteOf<Query> = {
  ...common(inTransaction),

  run(given) {
    it('inserts rows, and updates an existing one', async () => {
      const { read, write } = await given();
      for (const more of [2, 3]) await write((tx) => nexosisStore(tx).countPredictions('lab-a', more));
      expect((await nexosisReads(read).counts('lab-a')).predictions).toBe(5);
      expect((await nexosisReads(read).counts('lab-b')).predictions).toBe(0);
    });

    it('is refused if a unique row exists', async () => {
      const all = await given();
      await keepLivy(all);
      await expect(all.write((tx) => livyStore(tx).addStatement(0, 1, 'new'))).rejects.toThrow();
      await expect(all.write((tx) => livyStore(tx).addStatement(0, 9, 'st1'))).rejects.toThrow();
    });

    it('is rolled back with its transaction, and not visible before the commit', async () => {
      const { read, write } = await given();
      const predictions = async () => (await nexosisReads(read).counts('lab-a')).predictions;
      const failed = write(async (tx) => {
        await nexosisStore(tx).countPredictions('lab-a', 2);
        expect((await nexosisReads(tx).counts('lab-a')).predictions).toBe(2);
        expect(await predictions()).toBe(0);
        throw new Error('not like this');
      });
      await expect(failed).rejects.toThrow('not like this');
      expect(await predictions()).toBe(0);
    });
  },

  noteWrite(given) {
    it('accepts many bytes and changes nothing else', async () => {
      const all = await given();
      await all.write(async (tx) => {
        const rows = [1, 2].map((n) => ({ at: after(n), key: null, values: [`v${n}`] }));
        const upsert = { since: 0, replaced: new Map<string, number>(), repeats: 'keep' } as const;
        expect(await nexosisStore(tx).rows.put(1, rows, 0, upsert)).toMatchObject({ count: 2 });
        tx.query.noteWrite(500_000_000);
      });
      const found = await nexosisReads(all.read).rows(1, {}, { limit: 9, offset: 0 });
      expect(found.map(({ values }) => values)).toEqual([['v1'], ['v2']]);
    });
  },
};

export const queryReadsSuite: SuiteOf<Query> = {
  ...common(inReads),

  run(given) {
    it('cannot change rows outside a transaction', async () => {
      const all = await given();
      await keepLivy(all);
      await expect(livyStore(all.read).addStatement(0, 9, 'new')).rejects.toThrow();
      await expect(livyStore(all.read).remove('batch', 0, t0)).rejects.toThrow();
      expect((await livyReads(all.read).batch(0, 'lab-a'))?.removedAt).toBeNull();
    });
  },

  noteWrite(given) {
    it('accepts bytes and does nothing', async () => {
      const { read } = await given();
      expect(read.query.noteWrite(1)).toBeUndefined();
    });
  },
};
