import type { DataSet, NexosisReads, Row } from '../storage/ports.js';

/** Values that are read, stored or removed at a time: meanwhile nobody else has a turn. */
const mostValues = 20_000;
export const mostRows = 1000;

export const rowsAtATime = ({ columns }: Pick<DataSet, 'columns'>): number =>
  Math.max(1, Math.min(mostRows, Math.floor(mostValues / Math.max(1, columns.length))));

/** All rows in order, some at a time. The store answers in the same turn of the event loop, so others get theirs here. */
export async function* storedRows(
  reads: Pick<NexosisReads, 'rowsAfter'>,
  dataSet: Pick<DataSet, 'id' | 'columns'>,
): AsyncGenerator<Row[]> {
  let after: Row | null = null;
  for (;;) {
    const rows: Row[] = await reads.rowsAfter(dataSet.id, after, rowsAtATime(dataSet));
    if (rows.length === 0) return;
    yield rows;
    after = rows.at(-1) ?? null;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
