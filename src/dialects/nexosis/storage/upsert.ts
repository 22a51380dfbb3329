import type { RowChanges, NewRow, Upsert } from './ports.js';
import { stored } from './stored-forms.js';
import type { Query } from '../../../scheduler/query.ports.js';
import { insertInto } from '../../../scheduler/statements.js';

interface StoredRow {
  at: number;
  seq: number;
  size: number;
  body: string;
  key: string;
}

/** Values that are stored before reads may run, in a few milliseconds. Other writers wait for the whole transaction. */
const valuesPerTurn = 1000;

/**
 * Stores rows. The first row of an upload with a key replaces all stored rows of that key. It is stored in place of the
 * last of them and keeps that row's values where it has none itself. A row whose time has changed moves.
 */
export async function putRows(
  sql: Query,
  dataSet: number,
  rows: readonly NewRow[],
  from: number,
  upsert: Upsert,
): Promise<RowChanges> {
  const changes = { count: 0, size: 0, repeated: 0 };
  let next = from;
  let sinceTurn = 0;
  for (const row of rows) {
    // A row costs about as much as ten values, in addition to its own.
    sinceTurn += row.values.length + 10;
    if (sinceTurn > valuesPerTurn) {
      sinceTurn = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
    next += 1;
    const seq = row.seq ?? next;
    const { at, values } = row;
    const key = row.key === null ? null : escapedKey(row.key);
    const last = key === null ? null : await lastRowOf(sql, dataSet, key);
    const isNew =
      last !== null && key !== null && (Number(last.seq) > upsert.since || upsert.replaced.has(key));
    if (isNew) changes.repeated += 1;
    if (last === null || key === null || (isNew && upsert.repeats === 'keep')) {
      const text = values.map((value) => value ?? '');
      const size = sizeOf(text);
      await sql.run(
        insertInto('nexosis_rows', ['data_set', 'at', 'seq', 'key', 'size', 'body']),
        ...[
          dataSet,
          at,
          seq,
          last === null || key === null ? key : repeatedKey(key, seq),
          size,
          stored.row.write(text),
        ],
      );
      changes.count += 1;
      changes.size += size;
      const fewer = key === null ? undefined : upsert.replaced.get(key);
      if (key !== null && fewer !== undefined) upsert.replaced.set(key, Math.max(0, fewer - 1));
      continue;
    }
    const removed = last.key === key ? [] : await removeOthers(sql, dataSet, key, last);
    const before = stored.row.read(last.body, `${dataSet} ${last.at} ${last.seq}`);
    const updated = values.map((value, i) => value ?? before[i] ?? '');
    const text = [...updated, ...before.slice(updated.length)];
    const size = sizeOf(text);
    await sql.run(
      'UPDATE nexosis_rows SET at = ?, key = ?, size = ?, body = ? WHERE data_set = ? AND at = ? AND seq = ?',
      ...[at, key, size, stored.row.write(text), dataSet, last.at, last.seq],
    );
    if (!isNew) upsert.replaced.set(key, removed.length);
    changes.count -= removed.length;
    changes.size += size - Number(last.size) - removed.reduce((sum, one) => sum + Number(one.size), 0);
  }
  return changes;
}

const sizeOf = (text: readonly string[]): number => Buffer.byteLength(text.join(',')) + 1;

/*
 * Keys are unique in the index. Another row of the same key is stored under the key, a mark and the row's number. All
 * rows of a key are therefore adjacent in the index, the latest one last.
 */
const mark = '\u0001';
const afterMarks = '\u0002';

/** Escapes the characters that have a meaning in stored keys. */
const escapedKey = (key: string): string =>
  /[\u0000-\u0002]/.test(key)
    ? key.replace(/[\u0000-\u0002]/g, (each) => `${afterMarks}${each.charCodeAt(0)}`)
    : key;

const repeatedKey = (key: string, seq: number): string => `${key}${mark}${String(seq).padStart(16, '0')}`;

const ofKey = 'WHERE data_set = ? AND key >= ? AND key < ?';

const lastRowOf = (sql: Query, dataSet: number, key: string): Promise<StoredRow | null> =>
  sql.one<StoredRow>(
    `SELECT at, seq, size, body, key FROM nexosis_rows ${ofKey} ORDER BY key DESC LIMIT 1`,
    ...[dataSet, key, key + afterMarks],
  );

const removeOthers = (
  sql: Query,
  dataSet: number,
  key: string,
  { at, seq }: StoredRow,
): Promise<{ size: number }[]> =>
  sql.all<{ size: number }>(
    `DELETE FROM nexosis_rows ${ofKey} AND NOT (at = ? AND seq = ?) RETURNING size`,
    ...[dataSet, key, key + afterMarks, at, seq],
  );
