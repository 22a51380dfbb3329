import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { t0 } from '../../../../test/support/given.js';
import { givenDatabase } from '../../../../test/support/store.js';
import { UnreadableRow, type Store } from '../../../scheduler/ports.js';
import type { Import, LearnSession, Model, SessionOutcome, View } from './ports.js';
import { nexosisReads } from './reads.js';
import { nexosisStore } from './store.js';

const algorithm = { name: 'a', description: 'd', key: 'k' };
const column = { name: 'sales', dataType: 'numeric', role: 'target' } as const;
const session = (id: string): LearnSession => ({
  ...{ id, job: `job-${id}`, instance: 'lab-a', user: 'alice', domain: 'impact', name: 'n', target: 'sales' },
  ...{ source: 'shop', sourceKind: 'dataSet', eventName: 'fair', interval: 'day', columns: [column] },
  ...{ start: '2017-01-01', end: '2017-01-02', callbackUrl: 'http://localhost/', token: 'secret' },
  ...{ base: 'http://x', missingValues: ['N/A'], extra: { event: 'fair' }, modelId: null, requestedAt: t0 },
  ...{ messages: [{ severity: 'warning', message: 'few rows' }], outcome: null },
});
const outcome: SessionOutcome = {
  ...{ metrics: { pValue: 0.5 }, algorithm, intervals: ['0.5'], messages: [], selection: { metricSets: [] } },
  contestants: [
    { id: '0', algorithm, metrics: {}, dataSourceProperties: [], champion: true, table: 'contestant-0' },
  ],
  ...{ tables: { results: { columns: ['day'], count: 1 } }, classes: ['a'], importance: { sales: 1 } },
  confusion: { classes: ['a'], matrix: [[1]] },
};
const model = (id: string): Model => ({
  ...{ id, instance: 'lab-a', user: 'alice', session: 's', name: null, domain: 'regression', source: 'shop' },
  ...{ target: 'sales', algorithm, columns: [column], metrics: { rSquared: 1 }, sha256: 'x' },
  ...{ createdAt: t0, lastUsedAt: null },
});
const view = (name: string): View => ({
  ...{ instance: 'lab-a', user: 'alice', name, dataSet: 'shop', joins: [{ dataSet: { name: 'w' } }] },
  ...{ columns: {}, createdAt: t0 },
});
const anImport = (id: string): Import => ({
  ...{ id, instance: 'lab-a', dataSet: 'shop', type: 'url', status: 'requested', parameters: { url: 'x' } },
  ...{ history: [{ at: t0, status: 'requested' }], columns: {}, messages: [], requestedAt: t0 },
});

let store: Store;
let errors: string[];

beforeEach(async () => {
  errors = [];
  jest.spyOn(Logger.prototype, 'error').mockImplementation((message: unknown) => {
    errors.push(String(message));
  });
  ({ store } = await givenDatabase());
  await store.write(async (tx) => {
    const nexosis = nexosisStore(tx);
    for (const name of ['broken', 'sound']) {
      const { id } = await nexosis.dataSets.insert({
        ...{ instance: 'lab-a', name, columns: [column], missingValues: [], rowCount: 1, size: 2 },
        ...{ createdAt: t0, modifiedAt: t0, state: 'ready', user: 'alice' },
      });
      const row = { at: 0, key: null, values: ['1'] };
      await nexosis.rows.put(id, [row], 0, { since: 0, replaced: new Map(), repeats: 'keep' });
      await nexosis.sessions.insert(session(name));
      await nexosis.sessions.saveOutcome(name, outcome);
      await nexosis.models.save(model(name));
      await nexosis.views.save(view(name));
      await nexosis.imports.save(anImport(name));
      await nexosis.tables.append(name, 'results', 0, [['2017-01-01']]);
    }
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});

const reads = () => nexosisReads(store.read);
const slice = { limit: 10, offset: 0, descending: false } as const;
/** How a value is read by itself, and how its list is. */
const kinds = {
  nexosis_data_sets: [
    () => reads().dataSet('lab-a', 'broken'),
    async () =>
      (await reads().dataSets({ instance: 'lab-a', partialName: '', sortBy: 'rowCount', ...slice })).items,
  ],
  nexosis_sessions: [
    () => reads().session('broken'),
    async () => (await reads().sessions({ instance: 'lab-a', sortBy: 'id', ...slice })).items,
  ],
  nexosis_models: [
    () => reads().model('broken'),
    async () => (await reads().models({ instance: 'lab-a', sortBy: 'id', ...slice })).items,
  ],
  nexosis_views: [() => reads().view('lab-a', 'broken'), () => reads().views('lab-a')],
  nexosis_imports: [() => reads().import('broken'), () => reads().imports('lab-a')],
} as const;

it('every stored form is read back as it was written', async () => {
  const { jobState, jobReason, jobEndCode, jobLimit, ending, progress, startedAt, endedAt, ...read } =
    (await reads().session('sound'))!;
  expect([jobState, jobReason, jobEndCode, jobLimit, ending, progress, startedAt, endedAt]).toEqual([
    ...[null, null, null, 0, null, null, null, null],
  ]);
  expect(read).toEqual({ ...session('sound'), outcome });
  expect(await reads().model('sound')).toEqual(model('sound'));
  expect(await reads().view('lab-a', 'sound')).toEqual(view('sound'));
  expect(await reads().import('sound')).toEqual(anImport('sound'));
  expect(await reads().table('sound', 'results', 0, 0)).toEqual([['2017-01-01']]);
});

describe('a row with an unknown stored form', () => {
  it.each([
    ['nexosis_data_sets', '1', `columns = '[{"name":"a"}]'`, 'columns: 0.dataType: is missing'],
    ['nexosis_data_sets', '1', `columns = 'x'`, 'columns: it is not valid JSON'],
    ['nexosis_data_sets', '1', `missing_values = '[1]'`, 'missing_values: a list of texts was expected'],
    [
      'nexosis_sessions',
      'broken',
      `asked = json_set(asked, '$.lunch', 1)`,
      'asked: lunch: is not known to this version',
    ],
    ['nexosis_sessions', 'broken', `messages = '{}'`, 'messages: a list was expected'],
    [
      'nexosis_sessions',
      'broken',
      `outcome = json_set(outcome, '$.metrics.pValue', 'x')`,
      'outcome: metrics.pValue: a number was expected',
    ],
    ['nexosis_models', 'broken', `body = json_remove(body, '$.sha256')`, 'body: sha256: is missing'],
    [
      'nexosis_views',
      'lab-a broken',
      `body = json_set(body, '$.joins', 1)`,
      'body: joins: a list was expected',
    ],
    [
      'nexosis_imports',
      'broken',
      `body = json_set(body, '$.type', 'ftp')`,
      'body: type: one of url, s3, azure was expected',
    ],
  ] as const)('of %s (%s: %s) is refused by name, and its list has all others', async (...example) => {
    const [table, row, change, why] = example;
    const key = { nexosis_data_sets: 'name', nexosis_views: 'name_key' }[table as string] ?? 'id';
    await store.write((tx) => tx.query.run(`UPDATE ${table} SET ${change} WHERE ${key} = 'broken'`));
    const [one, list] = kinds[table];
    const error = new UnreadableRow(table, row, why);
    await expect(one()).rejects.toThrow(error);
    const items: readonly ({ name: string | null } | { id: string })[] = await list();
    expect(items.map((item) => ('id' in item && typeof item.id === 'string' ? item.id : item))).toEqual([
      table === 'nexosis_data_sets' || table === 'nexosis_views'
        ? expect.objectContaining({ name: 'sound' })
        : 'sound',
    ]);
    expect(errors).toEqual([error.message]);
  });

  it('of a data set or of results is refused by its place', async () => {
    await store.write(async (tx) => {
      await tx.query.run(`UPDATE nexosis_rows SET body = '[1]' WHERE data_set = 1`);
      await tx.query.run(`UPDATE nexosis_tables SET body = '[1]' WHERE owner = 'broken'`);
    });
    await expect(reads().rowsAfter(1, null, 10)).rejects.toThrow('Row 1 0 1 of nexosis_rows cannot be read');
    await expect(reads().table('broken', 'results', 0, 0)).rejects.toThrow(
      'Row broken results 0 of nexosis_tables cannot be read: body: 0: a list of texts was expected.',
    );
    expect(await reads().rowsAfter(2, null, 10)).toHaveLength(1);
  });
});
