import type { Grown, NewRow, Upsert } from './ports.js';
import type { Query } from '../../../scheduler/query.ports.js';
import { insertInto } from '../../../scheduler/statements.js';

interface Stored {
  at: number;
  seq: number;
  size: number;
  body: string;
  key: string;
}

/** Values that are stored before others have a turn to read: a few milliseconds. Other writers wait for the whole transaction. */
const valuesEachTurn = 1000;

/**
 * Stores rows. The first row of an upload with a key replaces all rows of this key that were there before: it takes the
 * place of the last one and keeps what it does not say; a row whose time has changed moves.
 */
export async function putRows(
  sql: Query,
  dataSet: number,
  rows: readonly NewRow[],
  from: number,
  upsert: Upsert,
): Promise<Grown> {
  const grown = { count: 0, size: 0, repeated: 0 };
  let next = from;
  let sinceTurn = 0;
  for (const row of rows) {
    // A row costs about as much as ten values, however few it has.
    sinceTurn += row.values.length + 10;
    if (sinceTurn > valuesEachTurn) {
      sinceTurn = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
    next += 1;
    const seq = row.seq ?? next;
    const { at, values } = row;
    const key = row.key === null ? null : plainKey(row.key);
    const last = key === null ? null : await lastOf(sql, dataSet, key);
    const isNew =
      last !== null && key !== null && (Number(last.seq) > upsert.since || upsert.replaced.has(key));
    if (isNew) grown.repeated += 1;
    if (last === null || key === null || (isNew && upsert.repeats === 'keep')) {
      const text = values.map((value) => value ?? '');
      const size = sizeOf(text);
      await sql.run(
        insertInto('nexosis_rows', ['data_set', 'at', 'seq', 'key', 'size', 'body']),
        ...[
          dataSet,
          at,
          seq,
          last === null || key === null ? key : furtherKey(key, seq),
          size,
          JSON.stringify(text),
        ],
      );
      grown.count += 1;
      grown.size += size;
      const fewer = key === null ? undefined : upsert.replaced.get(key);
      if (key !== null && fewer !== undefined) upsert.replaced.set(key, Math.max(0, fewer - 1));
      continue;
    }
    const gone = last.key === key ? [] : await removeOthers(sql, dataSet, key, last);
    const before = JSON.parse(last.body) as string[];
    const said = values.map((value, i) => value ?? before[i] ?? '');
    const text = [...said, ...before.slice(said.length)];
    const size = sizeOf(text);
    await sql.run(
      'UPDATE nexosis_rows SET at = ?, key = ?, size = ?, body = ? WHERE data_set = ? AND at = ? AND seq = ?',
      ...[at, key, size, JSON.stringify(text), dataSet, last.at, last.seq],
    );
    if (!isNew) upsert.replaced.set(key, gone.length);
    grown.count -= gone.length;
    grown.size += size - Number(last.size) - gone.reduce((sum, one) => sum + Number(one.size), 0);
  }
  return grown;
}

const sizeOf = (text: readonly string[]): number => Buffer.byteLength(text.join(',')) + 1;

/*
 * Keys are unique. A further row of the same key is stored under the key, a mark and the row's number, so that all rows of
 * a key lie next to each other in the index and the one that came last is the last of them.
 */
const mark = '\u0001';
const behindMarks = '\u0002';

/** Without the characters that have a meaning here. */
const plainKey = (key: string): string =>
  /[\u0000-\u0002]/.test(key)
    ? key.replace(/[\u0000-\u0002]/g, (each) => `${behindMarks}${each.charCodeAt(0)}`)
    : key;

const furtherKey = (key: string, seq: number): string => `${key}${mark}${String(seq).padStart(16, '0')}`;

const ofKey = 'WHERE data_set = ? AND key >= ? AND key < ?';

const lastOf = (sql: Query, dataSet: number, key: string): Promise<Stored | null> =>
  sql.one<Stored>(
    `SELECT at, seq, size, body, key FROM nexosis_rows ${ofKey} ORDER BY key DESC LIMIT 1`,
    ...[dataSet, key, key + behindMarks],
  );

const removeOthers = (
  sql: Query,
  dataSet: number,
  key: string,
  { at, seq }: Stored,
): Promise<{ size: number }[]> =>
  sql.all<{ size: number }>(
    `DELETE FROM nexosis_rows ${ofKey} AND NOT (at = ? AND seq = ?) RETURNING size`,
    ...[dataSet, key, key + behindMarks, at, seq],
  );
