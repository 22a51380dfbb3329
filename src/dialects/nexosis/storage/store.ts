import { noTime, type NexosisTx, type Range } from './ports.js';
import { readable } from './readable.js';
import type { DataSetRow, LearnSessionRow } from './rows.js';
import { stored } from './stored-forms.js';
import {
  findLearnSession,
  fromDataSet,
  fromLearnSession,
  keyOf,
  toDataSet,
  type DataSetRecord,
} from './mapping.js';
import { putRows } from './upsert.js';
import { perQuery, type Query, type Value } from '../../../scheduler/query.ports.js';
import { insertInto, updateById } from '../../../scheduler/statements.js';

export const nexosisStore = perQuery((sql): NexosisTx => {
  return {
    dataSets: dataSets(sql),
    rows: {
      async put(dataSet, rows, from, upsert) {
        const changes = await putRows(sql, dataSet, rows, from, upsert);
        // An estimate: the values, and what the database adds to a row.
        sql.noteWrite(2 * changes.size + 50 * rows.length);
        return changes;
      },
      remove: (dataSet, range, limit) => removeRows(sql, dataSet, range, limit),
      lastSeq: async (dataSet) =>
        Number(
          (
            await sql.one<{ last: number | null }>(
              'SELECT MAX(seq) AS last FROM nexosis_rows WHERE data_set = ?',
              dataSet,
            )
          )?.last ?? 0,
        ),
    },
    sessions: sessions(sql),
    tables: {
      append: (owner, table, chunk, rows) =>
        sql.run(
          insertInto('nexosis_tables', ['owner', 'table', 'chunk', 'body']),
          owner,
          table,
          chunk,
          stored.table.write(rows),
        ),
      removeOf: (owner) => sql.run('DELETE FROM nexosis_tables WHERE owner = ?', owner),
    },
    models: {
      save: (model) =>
        upsert(sql, 'nexosis_models', ['id'], {
          id: model.id,
          instance: model.instance,
          source_key: keyOf(model.source),
          name: model.name,
          domain: model.domain,
          created_at: model.createdAt,
          last_used_at: model.lastUsedAt,
          body: stored.model.write(model),
        }),
      used: (id, at) => sql.run('UPDATE nexosis_models SET last_used_at = ? WHERE id = ?', at, id),
      remove: (id) => sql.run('DELETE FROM nexosis_models WHERE id = ?', id),
    },
    views: {
      save: (view) =>
        upsert(sql, 'nexosis_views', ['instance', 'name_key'], {
          instance: view.instance,
          name_key: keyOf(view.name),
          body: stored.view.write(view),
        }),
      remove: (instance, name) =>
        sql.run('DELETE FROM nexosis_views WHERE instance = ? AND name_key = ?', instance, keyOf(name)),
    },
    imports: {
      save: (record) =>
        upsert(sql, 'nexosis_imports', ['id'], {
          id: record.id,
          instance: record.instance,
          requested_at: record.requestedAt,
          body: stored.import.write(record),
        }),
    },
    deliveries: {
      insert: ({ session, url, token, body, attempts, dueAt }) =>
        sql.run(
          insertInto('nexosis_deliveries', ['session', 'url', 'token', 'body', 'attempts', 'due_at']),
          ...[session, url, token, body, attempts, dueAt],
        ),
      postpone: (id, attempts, dueAt) =>
        sql.run('UPDATE nexosis_deliveries SET attempts = ?, due_at = ? WHERE id = ?', attempts, dueAt, id),
      remove: (id) => sql.run('DELETE FROM nexosis_deliveries WHERE id = ?', id),
      removeOf: (session) => sql.run('DELETE FROM nexosis_deliveries WHERE session = ?', session),
    },
    countPredictions: (instance, more) =>
      sql.run(
        `${insertInto('nexosis_accounts', ['instance', 'predictions'])} ON CONFLICT (instance) DO UPDATE SET predictions = nexosis_accounts.predictions + excluded.predictions`,
        instance,
        more,
      ),
  };
});

function dataSets(sql: Query): NexosisTx['dataSets'] {
  return {
    async find(instance, name) {
      const row = await sql.one<DataSetRow>(
        "SELECT * FROM nexosis_data_sets WHERE instance = ? AND name_key = ? AND state <> 'removed'",
        instance,
        keyOf(name),
      );
      return row === null ? null : toDataSet(row);
    },
    async insert(dataSet) {
      const row = fromDataSet(dataSet);
      const inserted = await sql.one<{ id: number }>(
        `${insertInto('nexosis_data_sets', Object.keys(row))} RETURNING id`,
        ...Object.values(row),
      );
      return { ...dataSet, id: Number(inserted?.id) };
    },
    async save({ id, ...dataSet }) {
      const row: DataSetRecord = fromDataSet(dataSet);
      await sql.run(updateById('nexosis_data_sets', Object.keys(row), 'id'), ...Object.values(row), id);
    },
    resize: ({ id, rowCount, size, modifiedAt }) =>
      sql.run(
        'UPDATE nexosis_data_sets SET row_count = ?, size = ?, modified_at = ? WHERE id = ?',
        ...[rowCount, size, modifiedAt, id],
      ),
    unfinished: async () =>
      readable(
        await sql.all<DataSetRow>("SELECT * FROM nexosis_data_sets WHERE state <> 'ready'"),
        toDataSet,
      ),
    forget: (id) => sql.run('DELETE FROM nexosis_data_sets WHERE id = ?', id),
  };
}

function sessions(sql: Query): NexosisTx['sessions'] {
  return {
    async insert(session) {
      const row = fromLearnSession(session);
      await sql.run(insertInto('nexosis_sessions', Object.keys(row)), ...Object.values(row));
    },
    saveOutcome: (id, outcome) =>
      sql.run(
        'UPDATE nexosis_sessions SET outcome = ? WHERE id = ?',
        stored.session.outcome.write(outcome),
        id,
      ),
    saveProgress: (id, progress) =>
      sql.run('UPDATE nexosis_sessions SET progress = ? WHERE id = ?', progress, id),
    async addMessage(id, message) {
      const row = await sql.one<Pick<LearnSessionRow, 'messages'>>(
        'SELECT messages FROM nexosis_sessions WHERE id = ?',
        id,
      );
      if (row === null) return;
      const messages = stored.session.messages.write([
        ...stored.session.messages.read(row.messages, id),
        message,
      ]);
      await sql.run('UPDATE nexosis_sessions SET messages = ? WHERE id = ?', messages, id);
    },
    remove: (id) => sql.run('DELETE FROM nexosis_sessions WHERE id = ?', id),
    find: (id) => findLearnSession(sql, 's.id = ?', id),
  };
}

async function removeRows(sql: Query, dataSet: number, range: Range, limit: number) {
  const [where, values] = whereInRange(dataSet, range);
  const selection = `SELECT at, seq FROM nexosis_rows ${where} ORDER BY at, seq LIMIT ?`;
  const removed = await sql.all<{ size: number }>(
    `DELETE FROM nexosis_rows WHERE data_set = ? AND (at, seq) IN (${selection}) RETURNING size`,
    dataSet,
    ...values,
    limit,
  );
  return { count: removed.length, size: removed.reduce((sum, { size }) => sum + Number(size), 0) };
}

/**
 * Returns the condition for a range. Rows without a time are in no range, although they are sorted behind all others.
 */
export function whereInRange(dataSet: number, { from, to }: Range): [where: string, values: Value[]] {
  const values: Value[] = [dataSet];
  let where = 'WHERE data_set = ?';
  if (from !== undefined || to !== undefined) {
    where += ' AND at < ?';
    values.push(noTime);
  }
  if (from !== undefined) {
    where += ' AND at >= ?';
    values.push(from);
  }
  if (to !== undefined) {
    where += ' AND at <= ?';
    values.push(to);
  }
  return [where, values];
}

function upsert(
  sql: Query,
  table: string,
  key: readonly string[],
  row: Record<string, Value>,
): Promise<void> {
  const set = Object.keys(row).map((column) => `"${column}" = excluded."${column}"`);
  return sql.run(
    `${insertInto(table, Object.keys(row))} ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${set.join(', ')}`,
    ...Object.values(row),
  );
}
