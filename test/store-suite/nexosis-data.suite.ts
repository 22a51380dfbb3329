import { expect, it } from '@jest/globals';
import type { NexosisTx } from '../../src/dialects/nexosis/storage/ports.js';
import { after, t0 } from '../support/given.js';
import type { SuiteOf } from './methods.js';
import {
  appended,
  dataSet,
  givenFiveRows,
  keepDataSets,
  reads,
  row,
  values,
  view,
  write,
} from './nexosis-given.js';

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
