import { expect, it } from '@jest/globals';
import {
  noTime,
  type NexosisReads,
  type NexosisTx,
  type View,
} from '../../src/dialects/nexosis/storage/ports.js';
import { after, t0 } from '../support/given.js';
import type { Given, SuiteOf } from './methods.js';
import { appended, dataSet, keepDataSets, reads, row, write } from './nexosis-given.js';

const values = async (all: Given, id: number) =>
  (await reads(all).rows(id, {}, { limit: 99, offset: 0 })).map((each) => each.values[0]);
/** Stores a set with rows at seconds 1, 2, 2 and 3, and one without a time, and another set beside it. */
const givenFiveRows = async (all: Given) => {
  const [id = 0, other = 0] = await keepDataSets(all, {}, { name: 'Other' });
  const rows = [row(3, 'c'), row(1, 'a'), { ...row(0, 'none'), at: noTime }, row(2, 'b1'), row(2, 'b2')];
  await write(all, (tx) => tx.rows.put(id, rows, 0, appended));
  await write(all, (tx) => tx.rows.put(other, [row(2, 'other')], 0, appended));
  return id;
};
const view = (overrides: Partial<View> = {}): View => ({
  ...{
    instance: 'lab-a',
    user: 'alice',
    name: 'View',
    dataSet: 'Data',
    joins: [{ a: 1 }],
    columns: {},
    createdAt: t0,
  },
  ...overrides,
});

export const nexosisDataTxSuite: SuiteOf<Pick<NexosisTx, 'dataSets' | 'rows' | 'views'>> = {
  dataSets: {
    find(given) {
      it('finds a set of this instance by its name in any case, unless it is removed', async () => {
        const all = await given();
        await keepDataSets(all, {}, { name: 'new', state: 'new' }, { name: 'gone', state: 'removed' });
        const find = async (instance: string, name: string) =>
          (await write(all, (tx) => tx.dataSets.find(instance, name)))?.name ?? null;
        expect([await find('lab-a', 'dATA'), await find('lab-a', 'NEW')]).toEqual(['Data', 'new']);
        expect([
          await find('lab-a', 'gone'),
          await find('lab-b', 'Data'),
          await find('lab-a', 'Dat'),
        ]).toEqual([null, null, null]);
      });
    },
    insert(given) {
      it('stores every member, and refuses an existing name in another case', async () => {
        const all = await given();
        const column = { name: 'x', dataType: 'numeric', role: 'target', imputation: 'mean' } as const;
        const whole = dataSet({
          columns: [column],
          missingValues: ['NA'],
          rowCount: 5,
          size: 7,
          modifiedAt: t0 + 1,
          user: null,
        });
        const { id } = await write(all, (tx) => tx.dataSets.insert(whole));
        expect(await reads(all).dataSetById(id)).toEqual({ ...whole, id });
        await expect(keepDataSets(all, { name: 'DATA' })).rejects.toThrow();
        await keepDataSets(all, { name: 'DATA', instance: 'lab-b' });
      });
    },
    save(given) {
      it('changes every member of this set', async () => {
        const all = await given();
        const [id = 0, other = 0] = await keepDataSets(all, {}, { name: 'Other' });
        const changed = {
          ...dataSet({ rowCount: 9, missingValues: ['-'], state: 'removed', name: 'Renamed' }),
          id,
        };
        await write(all, (tx) => tx.dataSets.save(changed));
        expect(await reads(all).dataSetById(id)).toEqual(changed);
        expect((await reads(all).dataSetById(other))?.name).toBe('Other');
      });
    },
    resize(given) {
      it('changes only the counters of this set', async () => {
        const all = await given();
        const [id = 0, other = 0] = await keepDataSets(all, {}, { name: 'Other' });
        const size = { rowCount: 3, size: 4, modifiedAt: after(5) };
        await write(all, (tx) => tx.dataSets.resize({ id, ...size }));
        expect(await reads(all).dataSetById(id)).toEqual({ ...dataSet(size), id });
        expect((await reads(all).dataSetById(other))?.rowCount).toBe(0);
      });
    },
    unfinished(given) {
      it('returns those that are not ready, of every instance', async () => {
        const all = await given();
        await keepDataSets(
          all,
          {},
          { name: 'a', state: 'new' },
          { name: 'b', state: 'removed', instance: 'lab-b' },
        );
        const found = await write(all, (tx) => tx.dataSets.unfinished());
        expect(found.map(({ name }) => name).sort()).toEqual(['a', 'b']);
      });
    },
    forget(given) {
      it('removes all rows of this set', async () => {
        const all = await given();
        const [id = 0, other = 0] = await keepDataSets(all, {}, { name: 'Other' });
        await write(all, (tx) => tx.dataSets.forget(id));
        expect([await reads(all).dataSetById(id), (await reads(all).dataSetById(other))?.id]).toEqual([
          null,
          other,
        ]);
      });
    },
  },

  rows: {
    put(given) {
      it('numbers rows after the existing ones, and returns their count and bytes', async () => {
        const all = await given();
        const put = (rows: ReturnType<typeof row>[], from: number) =>
          write(all, (tx) => tx.rows.put(1, rows, from, appended));
        expect(await put([row(1, 'a'), row(1, 'éé')], 0)).toEqual({ count: 2, size: 2 + 5, repeated: 0 });
        await put([row(1, 'c')], 2);
        expect((await reads(all).rows(1, {}, { limit: 9, offset: 0 })).map(({ seq }) => seq)).toEqual([
          1, 2, 3,
        ]);
      });

      it('replaces the row with the same key, which keeps values that are not given and moves with its time', async () => {
        const all = await given();
        const two = (s: number, key: string, one: string | null, other: string | null) => ({
          at: after(s),
          key,
          values: [one, other],
        });
        await write(all, (tx) => tx.rows.put(1, [two(1, 'k', 'a', 'b'), two(2, 'l', 'c', 'd')], 0, appended));
        const upsert = { since: 2, replaced: new Map<string, number>(), repeats: 'merge' } as const;
        const grown = await write(all, (tx) =>
          tx.rows.put(1, [two(9, 'k', null, 'B'), two(9, 'k', 'A', null)], 2, upsert),
        );
        expect(grown).toMatchObject({ count: 0, repeated: 1 });
        const found = await reads(all).rows(1, {}, { limit: 9, offset: 0 });
        expect(found.map((each) => [each.at, ...each.values])).toEqual([
          [after(2), 'c', 'd'],
          [after(9), 'A', 'B'],
        ]);
      });
    },
    remove(given) {
      it('removes the first rows of the range, both ends included, and returns what it removed', async () => {
        const all = await given();
        const id = await givenFiveRows(all);
        const remove = (range: object, limit: number) => write(all, (tx) => tx.rows.remove(id, range, limit));
        expect(await remove({ from: after(2), to: after(3) }, 2)).toEqual({ count: 2, size: 6 });
        expect(await values(all, id)).toEqual(['a', 'c', 'none']);
        expect(await remove({ from: after(2) }, 9)).toEqual({ count: 1, size: 2 });
        expect(await remove({}, 9)).toMatchObject({ count: 2 });
        expect(await reads(all).countRows(2, {})).toBe(1);
      });
    },
    lastSeq(given) {
      it('is the highest row number of the set, and 0 without rows', async () => {
        const all = await given();
        const id = await givenFiveRows(all);
        const last = (set: number) => write(all, (tx) => tx.rows.lastSeq(set));
        expect([await last(id), await last(id + 1), await last(99)]).toEqual([5, 1, 0]);
      });
    },
  },

  views: {
    save(given) {
      it('stores every member, and replaces a view with the same name', async () => {
        const all = await given();
        await write(all, (tx) => tx.views.save(view()));
        expect(await reads(all).view('lab-a', 'View')).toEqual(view());
        await write(all, (tx) => tx.views.save(view({ name: 'VIEW', dataSet: 'Other' })));
        expect(await reads(all).views('lab-a')).toEqual([view({ name: 'VIEW', dataSet: 'Other' })]);
      });
    },
    remove(given) {
      it('removes this view of this instance', async () => {
        const all = await given();
        for (const overrides of [{}, { name: 'w' }, { instance: 'lab-b' }])
          await write(all, (tx) => tx.views.save(view(overrides)));
        await write(all, (tx) => tx.views.remove('lab-a', 'vIEW'));
        expect([await reads(all).views('lab-a'), await reads(all).views('lab-b')]).toEqual([
          [view({ name: 'w' })],
          [view({ instance: 'lab-b' })],
        ]);
      });
    },
  },
};

type DataReads = Pick<
  NexosisReads,
  'dataSet' | 'dataSetById' | 'dataSets' | 'rows' | 'countRows' | 'rowsAfter' | 'lastTime' | 'view' | 'views'
>;

export const nexosisDataReadsSuite: SuiteOf<DataReads> = {
  dataSet(given) {
    it('returns a set that is ready, by its name in any case, or null', async () => {
      const all = await given();
      await keepDataSets(all, {}, { name: 'new', state: 'new' }, { name: 'gone', state: 'removed' });
      const name = async (instance: string, asked: string) =>
        (await reads(all).dataSet(instance, asked))?.name ?? null;
      expect([await name('lab-a', 'DATA'), await name('lab-b', 'Data')]).toEqual(['Data', null]);
      expect([await name('lab-a', 'new'), await name('lab-a', 'gone')]).toEqual([null, null]);
    });
  },
  dataSetById(given) {
    it('returns a set in any state, or null', async () => {
      const all = await given();
      const [id = 0] = await keepDataSets(all, { state: 'removed' });
      expect([(await reads(all).dataSetById(id))?.state, await reads(all).dataSetById(id + 1)]).toEqual([
        'removed',
        null,
      ]);
    });
  },
  dataSets(given) {
    it('returns a page of ready sets whose names contain the text, in the requested order', async () => {
      const all = await given();
      await keepDataSets(
        all,
        { name: 'b%', size: 1, rowCount: 3, createdAt: t0 + 1, modifiedAt: t0 },
        { name: 'A', size: 2, rowCount: 3, createdAt: t0, modifiedAt: t0 + 9 },
        { name: 'ab', size: 3, rowCount: 1, createdAt: t0 + 2, modifiedAt: t0 + 1 },
        { name: 'new', state: 'new' },
        { name: 'a2', instance: 'lab-b' },
      );
      const base = {
        instance: 'lab-a',
        partialName: '',
        sortBy: 'dataSetName',
        descending: false,
        limit: 9,
        offset: 0,
      } as const;
      const names = async (overrides: Partial<Parameters<NexosisReads['dataSets']>[0]>) => {
        const { items, total } = await reads(all).dataSets({ ...base, ...overrides });
        return [items.map(({ name }) => name).join(' '), total];
      };
      expect(await names({})).toEqual(['A ab b%', 3]);
      expect(await names({ descending: true })).toEqual(['b% ab A', 3]);
      expect(await names({ sortBy: 'dataSetSize' })).toEqual(['b% A ab', 3]);
      expect(await names({ sortBy: 'rowCount', descending: true })).toEqual(['A b% ab', 3]);
      expect(await names({ sortBy: 'dateCreated' })).toEqual(['A b% ab', 3]);
      expect(await names({ sortBy: 'lastModified' })).toEqual(['b% ab A', 3]);
      expect(await names({ limit: 1, offset: 1 })).toEqual(['ab', 3]);
      expect(await names({ partialName: 'A' })).toEqual(['A ab', 2]);
      expect(await names({ partialName: '%' })).toEqual(['b%', 1]);
    });
  },
  rows(given) {
    it('returns a page of the range in the order of time and arrival, both ends included', async () => {
      const all = await given();
      const id = await givenFiveRows(all);
      const found = async (range: object, limit = 9, offset = 0) =>
        (await reads(all).rows(id, range, { limit, offset })).map((each) => each.values[0]).join(' ');
      expect(await found({})).toBe('a b1 b2 c none');
      expect(await found({}, 2, 1)).toBe('b1 b2');
      expect(await found({ from: after(2) })).toBe('b1 b2 c');
      expect(await found({ to: after(2) })).toBe('a b1 b2');
      expect(await found({ from: after(2) + 1, to: after(3) })).toBe('c');
    });
  },
  countRows(given) {
    it('counts the rows of the range', async () => {
      const all = await given();
      const id = await givenFiveRows(all);
      const count = (range: object) => reads(all).countRows(id, range);
      expect([await count({}), await count({ from: after(2) }), await count({ to: after(2) - 1 })]).toEqual([
        5, 3, 1,
      ]);
    });
  },
  rowsAfter(given) {
    it('returns the rows after one, or from the beginning', async () => {
      const all = await given();
      const id = await givenFiveRows(all);
      const first = await reads(all).rowsAfter(id, null, 2);
      expect(first.map((each) => each.values[0])).toEqual(['a', 'b1']);
      const next = await reads(all).rowsAfter(id, first[1] ?? null, 9);
      expect(next.map((each) => each.values[0])).toEqual(['b2', 'c', 'none']);
    });
  },
  lastTime(given) {
    it('is the latest time of all rows, or null', async () => {
      const all = await given();
      const id = await givenFiveRows(all);
      expect([await reads(all).lastTime(id), await reads(all).lastTime(99)]).toEqual([after(3), null]);
    });
  },
  view(given) {
    it('returns the view of this instance by its name in any case, or null', async () => {
      const all = await given();
      await write(all, (tx) => tx.views.save(view()));
      expect(await reads(all).view('lab-a', 'vIEW')).toEqual(view());
      expect([await reads(all).view('lab-b', 'View'), await reads(all).view('lab-a', 'Vie')]).toEqual([
        null,
        null,
      ]);
    });
  },
  views(given) {
    it('returns those of this instance, sorted by name', async () => {
      const all = await given();
      for (const name of ['b', 'C', 'A']) await write(all, (tx) => tx.views.save(view({ name })));
      await write(all, (tx) => tx.views.save(view({ name: 'x', instance: 'lab-b' })));
      expect((await reads(all).views('lab-a')).map(({ name }) => name)).toEqual(['A', 'b', 'C']);
    });
  },
};
