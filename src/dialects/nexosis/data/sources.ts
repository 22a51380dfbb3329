import type { Millis } from '../../../kernel/time.js';
import type { Column, DataSet, NexosisReads } from '../storage/ports.js';
import { columnWithRole } from '../wire/columns.js';
import { readDate } from '../wire/dates.js';
import { openView } from './joins.js';
import { storedRows } from './stored-rows.js';

/** The data source of a session: a data set or a view. */
export interface Source {
  readonly kind: 'dataSet' | 'view';
  readonly name: string;
  readonly columns: readonly Column[];
  readonly missingValues: readonly string[];
  /** Returns the time of the last row with a timestamp. Null if there is none. */
  readonly lastTime: () => Promise<Millis | null>;
  /** Yields all rows in order, in batches, with a value for each column. */
  readonly rows: () => AsyncIterable<string[][]>;
}

export async function findSource(
  reads: NexosisReads,
  instance: string,
  name: string,
): Promise<Source | null> {
  const dataSet = await reads.dataSet(instance, name);
  if (dataSet !== null) {
    const { columns } = dataSet;
    const fill = (values: readonly string[]) => columns.map((_, i) => values[i] ?? '');
    return { ...sourceOf(reads, dataSet, fill), kind: 'dataSet', name: dataSet.name, columns };
  }
  const view = await reads.view(instance, name);
  if (view === null) return null;
  const { left, columns, join } = await openView(reads, view);
  return { ...sourceOf(reads, left, join), kind: 'view', name: view.name, columns };
}

function sourceOf(
  reads: NexosisReads,
  dataSet: DataSet,
  toRow: (values: readonly string[]) => string[],
): Pick<Source, 'missingValues' | 'lastTime' | 'rows'> {
  const { id, columns, missingValues } = dataSet;
  return {
    missingValues,
    lastTime: async () => (columnWithRole(columns, 'timestamp') === undefined ? null : reads.lastTime(id)),
    async *rows() {
      for await (const rows of storedRows(reads, dataSet)) yield rows.map(({ values }) => toRow(values));
    },
  };
}

/** Returns a row with its timestamp as ISO 8601 in UTC. A timestamp that cannot be read stays as it is. */
export function withMoment(values: readonly string[], timestamp: number): readonly string[] {
  const date = timestamp === -1 ? null : readDate(values[timestamp] ?? '');
  return date === null
    ? values
    : values.map((value, i) => (i === timestamp ? new Date(date.at).toISOString() : value));
}
