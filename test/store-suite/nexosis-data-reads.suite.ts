import { expect, it } from '@jest/globals';
import type { NexosisReads } from '../../src/dialects/nexosis/storage/ports.js';
import { after, t0 } from '../support/given.js';
import type { SuiteOf } from './methods.js';
import { givenFiveRows, keepDataSets, reads, view, write } from './nexosis-given.js';

type DataReads = Pick<
  NexosisReads,
  'dataSet' | 'dataSetById' | 'dataSets' | 'rows' | 'countRows' | 'rowsAfter' | 'lastTime' | 'view' | 'views'
>;

export const nexosisDataReadsSuite: SuiteOf<DataReads> = {
  dataSet(given) {
    it('returns a set that is ready, by its name in any case, or null', async () => {
      const all = await given();
      await keepDataSets(all, {}, { name: 'new', state: 'new' }, { name: 'gone', state: 'removed' });
      const name = async (instance: string, requested: string) =>
        (await reads(all).dataSet(instance, requested))?.name ?? null;
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
