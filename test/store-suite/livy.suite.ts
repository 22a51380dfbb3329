import { expect, it } from '@jest/globals';
import type { Job } from '../../src/kernel/job/job.js';
import type { LivyEntry, LivyPage, LivyReads, LivyTx } from '../../src/dialects/livy/storage/ports.js';
import { livyReads, livyStore } from '../../src/dialects/livy/storage/store.js';
import { LongText, inMemory, pieceSize } from '../../src/scheduler/long-text.js';
import type { Tx } from '../../src/scheduler/ports.js';
import { after, givenJob, givenSession, t0, type GivenSession } from '../support/given.js';
import { givenDetails, keepJob, keepSession } from '../support/stored.js';
import { without } from './given.js';
import type { Given, SuiteOf } from './methods.js';

const write = <T>(all: Given, work: (livy: LivyTx, tx: Tx) => Promise<T>): Promise<T> =>
  all.write((tx) => work(all.observe(livyStore(tx), 'livy.tx'), tx));
const reads = (all: Given): LivyReads => all.observe(livyReads(all.read), 'livy.read');

type Entry = Omit<LivyEntry, 'removedAt'>;
const entry = (said: Partial<Entry> = {}): Entry => ({
  ...{ type: 'session', number: 0, subject: 's0', job: 's0-start', instance: 'lab-a', name: null, asked: {} },
  ...said,
});

/** Session number 0, 1 … with what is said of each. */
async function keepSessions(all: Given, ...said: (GivenSession & { name?: string })[]): Promise<void> {
  await write(all, async (livy, tx) => {
    for (const [number, { name = null, ...each }] of said.entries()) {
      const session = givenSession({ id: `s${number}`, ...each });
      await keepSession(tx, session);
      const { id: subject, instance } = session;
      await livy.insert(entry({ number, subject, job: `${subject}-start`, instance, name }));
    }
  });
}

/** Batch number 0, 1 … with what is said of each. */
async function keepBatches(all: Given, ...said: (Partial<Job> & { name?: string })[]): Promise<void> {
  await write(all, async (livy, tx) => {
    for (const [number, { name = null, ...each }] of said.entries()) {
      const job = givenJob({ id: `b${number}`, ...each });
      await keepJob(tx, job);
      const { id, instance } = job;
      await livy.insert(entry({ type: 'batch', number, subject: id, job: id, instance, name }));
    }
  });
}

/** Statements of a session with these params, numbered from 0. */
const keepStatements = (all: Given, session: number, ...params: string[]) =>
  write(all, async (livy, tx) => {
    for (const [n, text] of params.entries()) {
      const job = givenJob({ id: `${session}-${n}`, session: `s${session}`, mode: 'dedicated' });
      await tx.jobs.insert({ ...job, details: givenDetails() }, text);
      await livy.addStatement(session, n, job.id);
    }
  });

const closed = { state: 'closed', closeCode: 'runner_lost', closedAt: after(10) } as const;
const ended = { state: 'failed', endedAt: after(10) } as const;
const page = (said: Partial<LivyPage> = {}): LivyPage => ({
  ...{ instance: undefined, onlyOf: undefined, endedAfter: 0, from: 0, size: 99 },
  ...said,
});
const newest = { from: 0, size: 99, newestFirst: true };
const oldest = { ...newest, newestFirst: false };

export const livyTxSuite: SuiteOf<LivyTx> = {
  nextNumber(given) {
    it('counts from 0, each type by itself, and never backwards', async () => {
      const all = await given();
      const next = (type: 'session' | 'batch') => write(all, (livy) => livy.nextNumber(type));
      expect([await next('session'), await next('session'), await next('batch')]).toEqual([0, 1, 0]);
      expect([await next('session'), await next('batch')]).toEqual([2, 1]);
    });
  },

  insert(given) {
    it('keeps every member, and refuses a number that is there', async () => {
      const all = await given();
      await keepSessions(all, {});
      const whole = entry({
        number: 7,
        subject: 's0x',
        job: 'j',
        instance: 'lab-b',
        name: 'n',
        asked: { a: [1] },
      });
      await write(all, (livy) => livy.insert(whole));
      expect(await write(all, (livy) => livy.bySubject('session', 's0x'))).toEqual({
        ...whole,
        removedAt: null,
      });
      await expect(write(all, (livy) => livy.insert({ ...whole, subject: 'other' }))).rejects.toThrow();
    });
  },

  named(given) {
    it('finds the entry by this name of this type and instance', async () => {
      const all = await given();
      await keepSessions(all, { name: 'x' }, { name: 'y' }, { name: 'x', instance: 'lab-b' });
      await keepBatches(all, { name: 'z' });
      const named = async (name: string, type: 'session' | 'batch' = 'session') =>
        (await write(all, (livy) => livy.named(type, name, 'lab-a', 0)))?.subject ?? null;
      expect([await named('x'), await named('y'), await named('z')]).toEqual(['s0', 's1', null]);
      expect([await named('z', 'batch'), await named('x', 'batch')]).toEqual(['b0', null]);
    });

    it('finds none that is removed, that ended before, or that is not shown once it is closed', async () => {
      const all = await given();
      await keepSessions(
        all,
        { ...closed, name: 'x' },
        { ...closed, name: 'gone', closeCode: 'closed_by_user' },
      );
      await keepBatches(all, { ...ended, name: 'x' }, { name: 'runs', state: 'running' });
      const named = async (type: 'session' | 'batch', name: string, endedAfter: number) =>
        (await write(all, (livy) => livy.named(type, name, 'lab-a', endedAfter))) !== null;
      expect([await named('session', 'x', after(10) - 1), await named('session', 'x', after(10))]).toEqual([
        true,
        false,
      ]);
      expect([await named('batch', 'x', after(10) - 1), await named('batch', 'x', after(10))]).toEqual([
        true,
        false,
      ]);
      expect([await named('session', 'gone', 0), await named('batch', 'runs', after(99))]).toEqual([
        false,
        true,
      ]);
      await write(all, (livy) => livy.remove('batch', 1, after(1)));
      expect(await named('batch', 'runs', 0)).toBe(false);
    });
  },

  remove(given) {
    it('marks this entry, and the texts of a session’s statements go with it', async () => {
      const all = await given();
      await keepSessions(all, {}, {});
      await keepBatches(all, {});
      for (const session of [0, 1]) await keepStatements(all, session, 'code');
      await all.write((tx) => tx.jobs.saveResult('0-0', 'output'));
      await write(all, (livy) => livy.remove('session', 0, after(5)));
      expect((await reads(all).session(0, undefined))?.removedAt).toBe(after(5));
      expect((await reads(all).session(1, undefined))?.removedAt).toBeNull();
      expect((await reads(all).batch(0, undefined))?.removedAt).toBeNull();
      expect([await all.read.params('0-0'), await all.read.result('0-0')]).toEqual([null, null]);
      expect([await all.read.params('1-0'), await all.read.params('b0')]).toEqual(['code', '{}']);
    });
  },

  sweep(given) {
    it('removes sessions that ended before, and nothing that goes on or ended later', async () => {
      const all = await given();
      await keepSessions(
        all,
        closed,
        { ...closed, closedAt: after(10) + 1 },
        {},
        { ...closed, closeCode: 'max_ttl' },
      );
      await keepBatches(all, ended);
      await write(all, (livy) => livy.sweep(after(10), after(20)));
      const removed = [0, 1, 2, 3].map(async (n) => (await reads(all).session(n, undefined))?.removedAt);
      expect(await Promise.all(removed)).toEqual([after(20), null, null, after(20)]);
      expect((await reads(all).batch(0, undefined))?.removedAt).toBeNull();
    });
  },

  bySubject(given) {
    it('answers the entry of a session or of a job, by its type, or null', async () => {
      const all = await given();
      await keepSessions(all, {}, {});
      const of = async (type: 'session' | 'batch', subject: string) =>
        (await write(all, (livy) => livy.bySubject(type, subject)))?.number ?? null;
      expect([await of('session', 's1'), await of('batch', 's1'), await of('session', 's9')]).toEqual([
        1,
        null,
        null,
      ]);
    });
  },

  nextStatement(given) {
    it('is one more than the last one of the session, and 0 before the first', async () => {
      const all = await given();
      await keepSessions(all, {}, {});
      await keepStatements(all, 1, 'a', 'b', 'c');
      const next = (session: number) => write(all, (livy) => livy.nextStatement(session));
      expect([await next(0), await next(1)]).toEqual([0, 3]);
    });
  },

  addStatement(given) {
    it('gives a number of a session to one job, and a job to one number', async () => {
      const all = await given();
      const add = (session: number, number: number, job: string) =>
        write(all, (livy) => livy.addStatement(session, number, job));
      await add(0, 0, 'a');
      await add(1, 0, 'b');
      await expect(add(0, 0, 'c')).rejects.toThrow();
      await expect(add(0, 1, 'a')).rejects.toThrow();
    });
  },

  statementOf(given) {
    it('is the number of the statement that a job is, or null', async () => {
      const all = await given();
      await keepStatements(all, 0, 'a', 'b');
      const of = (job: string) => write(all, (livy) => livy.statementOf(job));
      expect([await of('0-0'), await of('0-1'), await of('0-2')]).toEqual([0, 1, null]);
    });
  },
};

export const livyReadsSuite: SuiteOf<LivyReads> = {
  session(given) {
    it('answers it by its number, with the session as it is now, or null', async () => {
      const all = await given();
      await keepSessions(all, {}, { user: 'bob' });
      const found = await reads(all).session(1, undefined);
      expect(found?.session).toEqual(await all.read.session('s1'));
      expect(await reads(all).session(2, undefined)).toBeNull();
    });

    it('answers the latest by a name, of this instance or of any', async () => {
      const all = await given();
      await keepSessions(all, { name: 'x' }, { name: 'x' }, { name: 'x', instance: 'lab-b' }, { name: 'y' });
      const number = async (name: string, instance: string | undefined) =>
        (await reads(all).session(name, instance))?.number ?? null;
      expect([await number('x', 'lab-a'), await number('x', undefined), await number('y', 'lab-b')]).toEqual([
        1,
        2,
        null,
      ]);
    });
  },

  sessions(given) {
    it('shows those that are not removed and are still to be shown, by their numbers', async () => {
      const all = await given();
      await keepSessions(
        all,
        { user: 'bob' },
        {},
        closed,
        { ...closed, closeCode: 'closed_by_user' },
        { instance: 'lab-b' },
      );
      await keepBatches(all, {});
      await write(all, (livy) => livy.remove('session', 1, t0));
      const numbers = async (said: Partial<LivyPage>) => {
        const { items, total } = await reads(all).sessions(page(said));
        return [items.map(({ number }) => number), total];
      };
      expect(await numbers({})).toEqual([[0, 2, 4], 3]);
      expect(await numbers({ endedAfter: after(10) - 1 })).toEqual([[0, 2, 4], 3]);
      expect(await numbers({ endedAfter: after(10) })).toEqual([[0, 4], 2]);
      expect(await numbers({ instance: 'lab-a' })).toEqual([[0, 2], 2]);
      expect(await numbers({ onlyOf: 'bob' })).toEqual([[0], 1]);
      expect(await numbers({ from: 1, size: 1 })).toEqual([[2], 3]);
      expect((await reads(all).sessions(page())).items[0]?.session).toEqual(await all.read.session('s0'));
    });
  },

  batch(given) {
    it('answers it by its number or name, with the job as it is now, or null', async () => {
      const all = await given();
      await keepBatches(all, {}, { name: 'x', state: 'running' });
      const job = await all.read.job('b1');
      for (const key of [1, 'x'])
        expect((await reads(all).batch(key, 'lab-a'))?.run).toEqual(
          job === null ? null : without(job, 'details'),
        );
      expect([await reads(all).batch(2, undefined), await reads(all).batch('x', 'lab-b')]).toEqual([
        null,
        null,
      ]);
    });
  },

  batches(given) {
    it('shows those that are not removed and did not end too long ago, by their numbers', async () => {
      const all = await given();
      await keepBatches(all, { user: 'bob' }, {}, ended, { state: 'running' }, { instance: 'lab-b' });
      await write(all, (livy) => livy.remove('batch', 1, t0));
      const numbers = async (said: Partial<LivyPage>) => {
        const { items, total } = await reads(all).batches(page(said));
        return [items.map(({ number }) => number), total];
      };
      expect(await numbers({ endedAfter: after(10) - 1 })).toEqual([[0, 2, 3, 4], 4]);
      expect(await numbers({ endedAfter: after(10) })).toEqual([[0, 3, 4], 3]);
      expect(await numbers({ instance: 'lab-b' })).toEqual([[4], 1]);
      expect(await numbers({ onlyOf: 'bob' })).toEqual([[0], 1]);
      expect(await numbers({ from: 1, size: 2 })).toEqual([[2, 3], 4]);
    });
  },

  statement(given) {
    it('answers it with its job and its texts, or null', async () => {
      const all = await given();
      await keepStatements(all, 0, 'a', 'b');
      await all.write((tx) => tx.jobs.saveResult('0-1', 'output'));
      expect(await reads(all).statement(0, 1)).toMatchObject({
        number: 1,
        job: { id: '0-1' },
        params: 'b',
        output: 'output',
      });
      expect(await reads(all).statement(0, 0)).toMatchObject({ params: 'a', output: null });
      expect([await reads(all).statement(0, 2), await reads(all).statement(1, 0)]).toEqual([null, null]);
    });
  },

  statements(given) {
    it('answers a page of the session, from either end, and how many there are', async () => {
      const all = await given();
      await keepStatements(all, 0, 'a', 'b', 'c');
      await keepStatements(all, 1, 'other');
      const params = async (asked: typeof newest) => {
        const { items, total } = await reads(all).statements(0, asked);
        return [items.map((each) => each.params), total];
      };
      expect(await params(newest)).toEqual([['c', 'b', 'a'], 3]);
      expect(await params({ ...oldest, from: 1, size: 1 })).toEqual([['b'], 3]);
    });
  },

  statementNumbers(given) {
    it('answers the numbers of such a page', async () => {
      const all = await given();
      await keepStatements(all, 0, 'a', 'b', 'c');
      await keepStatements(all, 1, 'other');
      const numbers = (asked: typeof newest) => reads(all).statementNumbers(0, asked);
      expect(await numbers(oldest)).toEqual({ numbers: [0, 1, 2], total: 3 });
      expect(await numbers({ ...newest, from: 1, size: 1 })).toEqual({ numbers: [1], total: 3 });
    });
  },

  statementBytes(given) {
    it('adds up the bytes of code and outputs of such a page, wherever they are stored', async () => {
      const all = await given();
      await keepStatements(all, 0, 'é', 'bbb', 'c');
      await keepStatements(all, 1, 'other');
      const long = await all.write((tx) => tx.texts.begin());
      const pieces = [Buffer.alloc(pieceSize, 'x'), Buffer.from('end')];
      await all.write((tx) => tx.texts.append(long, 0, pieces));
      await all.write((tx) => tx.jobs.saveResult('0-1', 'four'));
      await all.write((tx) => tx.jobs.saveResult('0-2', new LongText(inMemory(pieces), long, 'head')));
      const bytes = (asked: typeof newest) => reads(all).statementBytes(0, asked);
      expect(await bytes(oldest)).toBe(2 + (3 + 4) + (1 + 4 + pieceSize + 3));
      expect(await bytes({ ...oldest, size: 2 })).toBe(2 + 3 + 4);
      expect(await bytes({ ...newest, from: 2 })).toBe(2);
      expect(await bytes({ ...oldest, from: 9 })).toBe(0);
    });
  },
};
