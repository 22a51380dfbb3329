import type { Millis } from '../../kernel/time.js';
import type { Column, DataSet, NexosisReads, Row } from '../../scheduler/nexosis.ports.js';
import { columnOf } from './columns.js';
import { readDate } from './dates.js';
import { joinRows, viewColumns } from './joins.js';

/** What a session can be asked about: a data set, or a view of several. */
export interface Source {
  readonly kind: 'dataSet' | 'view';
  readonly name: string;
  readonly columns: readonly Column[];
  readonly missingValues: readonly string[];
  readonly lastTime: () => Promise<Millis | null>;
  /** All rows in order, some at a time, with a value for each column. */
  readonly rows: () => AsyncIterable<string[][]>;
}

/** Rows that are read at a time: few enough that others have their turn in between. */
const rowsPerRead = 1000;

export async function findSource(
  reads: NexosisReads,
  instance: string,
  name: string,
): Promise<Source | null> {
  const dataSet = await reads.dataSet(instance, name);
  if (dataSet !== null) return sourceOf(reads, dataSet);
  const view = await reads.view(instance, name);
  const left = view === null ? null : await reads.dataSet(instance, view.dataSet);
  if (view === null || left === null) return null;
  const base = sourceOf(reads, left);
  const columns = await viewColumns(reads, view, base);
  return {
    ...base,
    kind: 'view',
    name: view.name,
    columns,
    rows: () => joinRows(reads, view, base, columns),
  };
}

function sourceOf(reads: NexosisReads, dataSet: DataSet): Source {
  const { columns, name, missingValues, id } = dataSet;
  return {
    ...{ kind: 'dataSet' as const, name, columns, missingValues },
    lastTime: () => lastTime(reads, dataSet),
    async *rows() {
      let after: Row | null = null;
      for (;;) {
        const rows: Row[] = await reads.rowsAfter(id, after, rowsPerRead);
        if (rows.length === 0) return;
        yield rows.map(({ values }) => columns.map((_, i) => values[i] ?? ''));
        after = rows.at(-1) ?? null;
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

/** Rows of what-if planning, with their target empty, count as well: the source has them. */
async function lastTime(reads: NexosisReads, { id, columns }: DataSet): Promise<Millis | null> {
  return columnOf(columns, 'timestamp') === undefined ? null : reads.lastTime(id);
}

/** A row with its timestamp in one form, where it can be read. */
export function withMoment(values: readonly string[], timestamp: number): readonly string[] {
  const date = timestamp === -1 ? null : readDate(values[timestamp] ?? '');
  return date === null
    ? values
    : values.map((value, i) => (i === timestamp ? new Date(date.at).toISOString() : value));
}
