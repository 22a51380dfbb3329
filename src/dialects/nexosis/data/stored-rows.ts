import type { DataSet, NexosisReads, DataRow } from '../storage/ports.js';

/** Most values, and most rows, that are read, stored or removed at once. Nothing else runs meanwhile. */
const maxValuesAtOnce = 20_000;
export const maxRowsAtOnce = 1000;

export const rowsPerBatch = ({ columns }: Pick<DataSet, 'columns'>): number =>
  Math.max(1, Math.min(maxRowsAtOnce, Math.floor(maxValuesAtOnce / Math.max(1, columns.length))));

/** Yields all rows in order, in batches. Waits a turn of the event loop in between, because the reads do not. */
export async function* storedRows(
  reads: Pick<NexosisReads, 'rowsAfter'>,
  dataSet: Pick<DataSet, 'id' | 'columns'>,
): AsyncGenerator<DataRow[]> {
  let after: DataRow | null = null;
  for (;;) {
    const rows: DataRow[] = await reads.rowsAfter(dataSet.id, after, rowsPerBatch(dataSet));
    if (rows.length === 0) return;
    yield rows;
    after = rows.at(-1) ?? null;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
