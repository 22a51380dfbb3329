import {
  noTime,
  type DataSet,
  type Delivery,
  type Import,
  type LearnSession,
  type Model,
  type NewRow,
  type NexosisReads,
  type NexosisTx,
  type SessionOutcome,
  type View,
} from '../../src/dialects/nexosis/storage/ports.js';
import { nexosisReads } from '../../src/dialects/nexosis/storage/reads.js';
import { nexosisStore } from '../../src/dialects/nexosis/storage/store.js';
import { after, t0 } from '../support/given.js';
import type { Given } from './methods.js';

export const write = <T>(all: Given, work: (nexosis: NexosisTx) => Promise<T>): Promise<T> =>
  all.write((tx) => work(all.observe(nexosisStore(tx), 'nexosis.tx')));
export const reads = (all: Given): NexosisReads => all.observe(nexosisReads(all.read), 'nexosis.read');

export const dataSet = (overrides: Partial<DataSet> = {}): Omit<DataSet, 'id'> => ({
  ...{ instance: 'lab-a', name: 'Data', columns: [], missingValues: [], rowCount: 0, size: 0 },
  ...{ createdAt: t0, modifiedAt: t0, state: 'ready', user: 'alice' },
  ...overrides,
});
/** Stores data sets and returns their ids. */
export const keepDataSets = (all: Given, ...overrides: Partial<DataSet>[]): Promise<number[]> =>
  write(all, async ({ dataSets }) => {
    const ids: number[] = [];
    for (const each of overrides) ids.push((await dataSets.insert(dataSet(each))).id);
    return ids;
  });

export const appended = { since: 0, replaced: new Map<string, number>(), repeats: 'keep' } as const;
/** A row at `s` seconds after {@link t0}. */
export const row = (s: number, value: string, key: string | null = null): NewRow => ({
  at: after(s),
  key,
  values: [value],
});

export const learnSession = (overrides: Partial<LearnSession> = {}): LearnSession => ({
  ...{ id: 'l1', job: 'j1', instance: 'lab-a', user: 'alice', domain: 'forecast', name: 'n' },
  ...{ source: 'Data', sourceKind: 'dataSet', target: 't', eventName: null, start: null, end: null },
  ...{ interval: null, callbackUrl: null, token: null, base: 'http://localhost', columns: [] },
  ...{ missingValues: [], extra: {}, messages: [], modelId: null, requestedAt: t0, outcome: null },
  ...overrides,
});
/** Stores sessions `l0`, `l1` … of the jobs `j0`, `j1` …, each with these overrides. */
export const keepLearned = (all: Given, ...overrides: Partial<LearnSession>[]): Promise<void> =>
  write(all, async ({ sessions }) => {
    for (const [n, each] of overrides.entries())
      await sessions.insert(learnSession({ id: `l${n}`, job: `j${n}`, ...each }));
  });

export const algorithm = { name: 'a', description: 'd', key: 'k' };
export const outcome: SessionOutcome = {
  ...{ metrics: { mae: 1.5 }, algorithm, intervals: ['0.5'], messages: [], contestants: [], selection: null },
  ...{ tables: { results: { columns: ['x'], count: 2 } }, confusion: null, classes: [], importance: null },
};
export const model = (overrides: Partial<Model> = {}): Model => ({
  ...{
    id: 'm1',
    instance: 'lab-a',
    user: 'alice',
    session: 'l1',
    name: 'n',
    domain: 'regression',
    source: 'Data',
  },
  ...{
    target: 't',
    algorithm,
    columns: [],
    metrics: { r2: 0.5 },
    sha256: 'x',
    createdAt: t0,
    lastUsedAt: null,
  },
  ...overrides,
});
export const keepModels = (all: Given, ...overrides: Partial<Model>[]) =>
  write(all, async ({ models }) => {
    for (const each of overrides) await models.save(model(each));
  });
export const anImport = (overrides: Partial<Import> = {}): Import => ({
  ...{
    id: 'i1',
    instance: 'lab-a',
    dataSet: 'Data',
    type: 'url',
    status: 'requested',
    history: [],
    parameters: {},
  },
  ...{ columns: {}, messages: [], requestedAt: t0 },
  ...overrides,
});
export const delivery = (overrides: Partial<Delivery> = {}): Omit<Delivery, 'id'> => ({
  ...{ session: 'l1', url: 'http://x', token: 't', body: 'b', attempts: 0, dueAt: t0 },
  ...overrides,
});
export const keepDeliveries = (all: Given, ...overrides: Partial<Delivery>[]) =>
  write(all, async ({ deliveries }) => {
    for (const each of overrides) await deliveries.insert(delivery(each));
  });
export const due = async (all: Given, at = after(99), limit = 9) => reads(all).dueDeliveries(at, limit);
export const bodies = async (all: Given, at?: number, limit?: number) =>
  (await due(all, at, limit)).map(({ body }) => body);

export const values = async (all: Given, id: number) =>
  (await reads(all).rows(id, {}, { limit: 99, offset: 0 })).map((each) => each.values[0]);
/** Stores a set with rows at seconds 1, 2, 2 and 3, and one without a time, and another set beside it. */
export const givenFiveRows = async (all: Given) => {
  const [id = 0, other = 0] = await keepDataSets(all, {}, { name: 'Other' });
  const rows = [row(3, 'c'), row(1, 'a'), { ...row(0, 'none'), at: noTime }, row(2, 'b1'), row(2, 'b2')];
  await write(all, (tx) => tx.rows.put(id, rows, 0, appended));
  await write(all, (tx) => tx.rows.put(other, [row(2, 'other')], 0, appended));
  return id;
};
export const view = (overrides: Partial<View> = {}): View => ({
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
