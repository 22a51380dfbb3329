import {
  noTime,
  type Matches,
  type Import,
  type LearnSessionFilter,
  type LearnSessionView,
  type Model,
  type ModelFilter,
  type NexosisReads,
  type DataRow,
  type View,
} from './ports.js';
import { readable } from './readable.js';
import type { DataSetRow, DeliveryRow, ImportRow, ModelRow, ViewRow } from './rows.js';
import { stored } from './stored-forms.js';
import { findLearnSession, keyOf, listLearnSessions, toDataSet } from './mapping.js';
import { whereInRange } from './store.js';
import { perQuery, type Query, type Value } from '../../../scheduler/query.ports.js';

export const nexosisReads = perQuery((sql): NexosisReads => {
  const count = async (from: string, ...values: Value[]) =>
    Number((await sql.one<{ n: number }>(`SELECT COUNT(*) AS n FROM ${from}`, ...values))?.n ?? 0);
  return {
    async dataSet(instance, name) {
      const row = await sql.one<DataSetRow>(
        "SELECT * FROM nexosis_data_sets WHERE instance = ? AND name_key = ? AND state = 'ready'",
        instance,
        keyOf(name),
      );
      return row === null ? null : toDataSet(row);
    },
    async dataSetById(id) {
      const row = await sql.one<DataSetRow>('SELECT * FROM nexosis_data_sets WHERE id = ?', id);
      return row === null ? null : toDataSet(row);
    },
    async dataSets({ instance, partialName, sortBy, descending, limit, offset }) {
      const where = `WHERE instance = ? AND state = 'ready' AND ${sql.sql.contains('name_key')}`;
      const order = `${dataSetOrder[sortBy]} ${descending ? 'DESC' : 'ASC'}, name_key`;
      const rows = await sql.all<DataSetRow>(
        `SELECT * FROM nexosis_data_sets ${where} ORDER BY ${order} LIMIT ? OFFSET ?`,
        ...[instance, keyOf(partialName), limit, offset],
      );
      const total = await count(`nexosis_data_sets ${where}`, instance, keyOf(partialName));
      return { items: readable(rows, toDataSet), total };
    },
    async rows(dataSet, range, { limit, offset }) {
      const [where, values] = whereInRange(dataSet, range);
      return toRows(
        dataSet,
        await sql.all<StoredRow>(
          `SELECT at, seq, body FROM nexosis_rows ${where} ORDER BY at, seq LIMIT ? OFFSET ?`,
          ...values,
          limit,
          offset,
        ),
      );
    },
    countRows(dataSet, range) {
      const [where, values] = whereInRange(dataSet, range);
      return count(`nexosis_rows ${where}`, ...values);
    },
    async rowsAfter(dataSet, after, limit) {
      const { at, seq } = after ?? { at: -Number.MAX_SAFE_INTEGER, seq: 0 };
      return toRows(
        dataSet,
        await sql.all<StoredRow>(
          'SELECT at, seq, body FROM nexosis_rows WHERE data_set = ? AND (at, seq) > (?, ?) ORDER BY at, seq LIMIT ?',
          ...[dataSet, at, seq, limit],
        ),
      );
    },
    async lastTime(dataSet) {
      const row = await sql.one<{ at: number }>(
        'SELECT at FROM nexosis_rows WHERE data_set = ? AND at < ? ORDER BY at DESC LIMIT 1',
        ...[dataSet, noTime],
      );
      return row === null ? null : Number(row.at);
    },
    session: (id) => findLearnSession(sql, 's.id = ?', id),
    sessionOfJob: (job) => findLearnSession(sql, 's.job = ?', job),
    async eventsOfSessions({ types, after, upTo, limit }) {
      // The first condition is evaluated once. If there never was a session, the log is not scanned.
      const rows = await sql.all(
        `SELECT * FROM events WHERE EXISTS (SELECT 1 FROM nexosis_sessions) AND id > ? AND id <= ? AND type IN (${types.map(() => '?').join(', ')})
         AND EXISTS (SELECT 1 FROM nexosis_sessions s WHERE s.job = events.job) ORDER BY id LIMIT ?`,
        ...[after, upTo, ...types, limit],
      );
      return rows.map(sql.rows.event);
    },
    sessions: (filter) => listSessions(sql, count, filter),
    async table(owner, table, fromChunk, toChunk) {
      const rows = await sql.all<{ chunk: number; body: string }>(
        'SELECT chunk, body FROM nexosis_tables WHERE owner = ? AND "table" = ? AND chunk BETWEEN ? AND ? ORDER BY chunk',
        ...[owner, table, fromChunk, toChunk],
      );
      return rows.flatMap(({ chunk, body }) => stored.table.read(body, `${owner} ${table} ${chunk}`));
    },
    async model(id) {
      const row = await sql.one<ModelRow>('SELECT * FROM nexosis_models WHERE id = ?', id);
      return row === null ? null : toModel(row);
    },
    models: (filter) => listModels(sql, count, filter),
    async view(instance, name) {
      const row = await sql.one<ViewRow>(
        'SELECT * FROM nexosis_views WHERE instance = ? AND name_key = ?',
        instance,
        keyOf(name),
      );
      return row === null ? null : toView(row);
    },
    async views(instance) {
      const statement = 'SELECT * FROM nexosis_views WHERE instance = ? ORDER BY name_key';
      return readable(await sql.all<ViewRow>(statement, instance), toView);
    },
    async import(id) {
      const row = await sql.one<ImportRow>('SELECT * FROM nexosis_imports WHERE id = ?', id);
      return row === null ? null : toImport(row);
    },
    async imports(instance) {
      const statement =
        'SELECT * FROM nexosis_imports WHERE instance = ? ORDER BY requested_at DESC, id DESC';
      return readable(await sql.all<ImportRow>(statement, instance), toImport);
    },
    async dueDeliveries(at, limit) {
      const rows = await sql.all<DeliveryRow>(
        'SELECT * FROM nexosis_deliveries d WHERE due_at <= ? AND NOT EXISTS (SELECT 1 FROM nexosis_deliveries e WHERE e.session = d.session AND e.id < d.id) ORDER BY id LIMIT ?',
        at,
        limit,
      );
      return rows.map(({ due_at, ...row }) => ({ ...row, dueAt: Number(due_at) }));
    },
    async counts(instance) {
      const account = await sql.one<{ predictions: number }>(
        'SELECT predictions FROM nexosis_accounts WHERE instance = ?',
        instance,
      );
      return {
        dataSets: await count("nexosis_data_sets WHERE instance = ? AND state = 'ready'", instance),
        sessions: await count('nexosis_sessions WHERE instance = ?', instance),
        predictions: Number(account?.predictions ?? 0),
      };
    },
  };
});

const dataSetOrder = {
  dataSetName: 'name_key',
  dataSetSize: 'size',
  rowCount: 'row_count',
  dateCreated: 'created_at',
  lastModified: 'modified_at',
} as const;

const sessionOrder = {
  id: 's.id',
  name: 'lower(s.name)',
  type: 's.type',
  status: 'j.state',
  dataSourceName: 's.source_key',
  requestedDate: 's.requested_at',
} as const;

const modelOrder = {
  id: 'id',
  modelName: 'lower(name)',
  dataSourceName: 'source_key',
  type: 'domain',
  createdDate: 'created_at',
  lastUsedDate: 'last_used_at',
} as const;

interface StoredRow {
  at: number;
  seq: number;
  body: string;
}
const toRows = (dataSet: number, rows: StoredRow[]): DataRow[] =>
  rows.map(({ at, seq, body }) => ({
    at: Number(at),
    seq: Number(seq),
    values: stored.row.read(body, `${dataSet} ${at} ${seq}`),
  }));

type Count = (from: string, ...values: Value[]) => Promise<number>;

/** Joins the conditions whose value is defined. */
function conditions(all: readonly (readonly [condition: string, value: Value | undefined])[]) {
  const active = all.filter((each): each is [string, Value] => each[1] !== undefined);
  return {
    where: `WHERE ${active.map(([condition]) => condition).join(' AND ')}`,
    values: active.map(([, value]) => value),
  };
}

async function listSessions(
  sql: Query,
  count: Count,
  filter: LearnSessionFilter,
): Promise<Matches<LearnSessionView>> {
  const { where, values } = conditions([
    ['s.instance = ?', filter.instance],
    [`${sql.sql.member('s.asked', 'user')} = ?`, filter.user],
    ['s.source_key = ?', filter.source === undefined ? undefined : keyOf(filter.source)],
    [sql.sql.contains('lower(s.event_name)'), filter.eventName?.toLowerCase()],
    ['s.type = ?', filter.type],
    ['s.requested_at >= ?', filter.from],
    ['s.requested_at <= ?', filter.to],
    ['s.model_id = ?', filter.modelId],
  ]);
  const direction = filter.descending ? 'DESC' : 'ASC';
  const order = `ORDER BY ${sessionOrder[filter.sortBy]} ${direction}, s.id ${direction} LIMIT ? OFFSET ?`;
  return {
    items: await listLearnSessions(sql, `${where} ${order}`, ...values, filter.limit, filter.offset),
    total: await count(`nexosis_sessions s ${where}`, ...values),
  };
}

async function listModels(sql: Query, count: Count, filter: ModelFilter): Promise<Matches<Model>> {
  const { where, values } = conditions([
    ['instance = ?', filter.instance],
    ['source_key = ?', filter.source === undefined ? undefined : keyOf(filter.source)],
    ['created_at >= ?', filter.from],
    ['created_at <= ?', filter.to],
  ]);
  const direction = filter.descending ? 'DESC' : 'ASC';
  const rows = await sql.all<ModelRow>(
    `SELECT * FROM nexosis_models ${where} ORDER BY ${modelOrder[filter.sortBy]} ${direction}, id LIMIT ? OFFSET ?`,
    ...values,
    filter.limit,
    filter.offset,
  );
  return { items: readable(rows, toModel), total: await count(`nexosis_models ${where}`, ...values) };
}

const toModel = ({ id, body, last_used_at }: ModelRow): Model => ({
  ...stored.model.read(body, id),
  lastUsedAt: last_used_at === null ? null : Number(last_used_at),
});

const toView = ({ instance, name_key, body }: ViewRow): View =>
  stored.view.read(body, `${instance} ${name_key}`);
const toImport = ({ id, body }: ImportRow): Import => stored.import.read(body, id);
