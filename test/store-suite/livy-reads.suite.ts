import { expect, it } from '@jest/globals';
import type { LivyPage, LivyReads } from '../../src/dialects/livy/storage/ports.js';
import { isBatchShown, isSessionShown } from '../../src/dialects/livy/storage/retention.js';
import { LongText, inMemory, pieceSize } from '../../src/scheduler/long-text.js';
import { after, t0 } from '../support/given.js';
import { without } from './given.js';
import {
  closed,
  ended,
  keepBatches,
  keepSessions,
  keepStatements,
  manyBatches,
  manySessions,
  newest,
  oldest,
  page,
  reads,
  write,
} from './livy-given.js';
import type { SuiteOf } from './methods.js';

export const livyReadsSuite: SuiteOf<LivyReads> = {
  session(given) {
    it('returns the entry by its number, with the current session, or null', async () => {
      const all = await given();
      await keepSessions(all, {}, { user: 'bob' });
      const found = await reads(all).session(1, undefined);
      expect(found?.session).toEqual(await all.read.session('s1'));
      expect(await reads(all).session(2, undefined)).toBeNull();
    });

    it('returns the latest of a name, in this instance or in any', async () => {
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
    it('returns those that are not removed and still visible, by number', async () => {
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
      const numbers = async (overrides: Partial<LivyPage>) => {
        const { items, total } = await reads(all).sessions(page(overrides));
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

    it('shows sessions as the rule of retention says', async () => {
      const all = await given();
      await keepSessions(all, ...manySessions);
      const everyone = await Promise.all(manySessions.map((_, n) => reads(all).session(n, undefined)));
      const shown = everyone.filter((each) => each !== null && isSessionShown(each.session, closed.closedAt));
      const { items } = await reads(all).sessions(page({ endedAfter: closed.closedAt }));
      expect(items).toEqual(shown);
    });
  },

  batch(given) {
    it('returns the entry by its number or name, with the current job, or null', async () => {
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
    it('returns those that are not removed and did not end too long ago, by number', async () => {
      const all = await given();
      await keepBatches(all, { user: 'bob' }, {}, ended, { state: 'running' }, { instance: 'lab-b' });
      await write(all, (livy) => livy.remove('batch', 1, t0));
      const numbers = async (overrides: Partial<LivyPage>) => {
        const { items, total } = await reads(all).batches(page(overrides));
        return [items.map(({ number }) => number), total];
      };
      expect(await numbers({ endedAfter: after(10) - 1 })).toEqual([[0, 2, 3, 4], 4]);
      expect(await numbers({ endedAfter: after(10) })).toEqual([[0, 3, 4], 3]);
      expect(await numbers({ instance: 'lab-b' })).toEqual([[4], 1]);
      expect(await numbers({ onlyOf: 'bob' })).toEqual([[0], 1]);
      expect(await numbers({ from: 1, size: 2 })).toEqual([[2, 3], 4]);
    });

    it('shows batches as the rule of retention says', async () => {
      const all = await given();
      await keepBatches(all, ...manyBatches);
      const everyone = await Promise.all(manyBatches.map((_, n) => reads(all).batch(n, undefined)));
      const shown = everyone.filter((each) => each !== null && isBatchShown(each.run, ended.endedAt));
      const { items } = await reads(all).batches(page({ endedAfter: ended.endedAt }));
      expect(items).toEqual(shown);
    });
  },

  statement(given) {
    it('returns the statement with its job and its texts, or null', async () => {
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
    it('returns a page of the session, from either end, and the total count', async () => {
      const all = await given();
      await keepStatements(all, 0, 'a', 'b', 'c');
      await keepStatements(all, 1, 'other');
      const params = async (page: typeof newest) => {
        const { items, total } = await reads(all).statements(0, page);
        return [items.map((each) => each.params), total];
      };
      expect(await params(newest)).toEqual([['c', 'b', 'a'], 3]);
      expect(await params({ ...oldest, from: 1, size: 1 })).toEqual([['b'], 3]);
    });
  },

  statementNumbers(given) {
    it('returns the statement numbers of such a page', async () => {
      const all = await given();
      await keepStatements(all, 0, 'a', 'b', 'c');
      await keepStatements(all, 1, 'other');
      const numbers = (page: typeof newest) => reads(all).statementNumbers(0, page);
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
      const bytes = (page: typeof newest) => reads(all).statementBytes(0, page);
      expect(await bytes(oldest)).toBe(2 + (3 + 4) + (1 + 4 + pieceSize + 3));
      expect(await bytes({ ...oldest, size: 2 })).toBe(2 + 3 + 4);
      expect(await bytes({ ...newest, from: 2 })).toBe(2);
      expect(await bytes({ ...oldest, from: 9 })).toBe(0);
    });
  },
};
