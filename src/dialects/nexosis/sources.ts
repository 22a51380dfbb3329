import type { Millis } from '../../kernel/time.js';
import type { Column, DataSet, NexosisReads, Row } from '../../scheduler/nexosis.ports.js';
import { columnOf } from './columns.js';
import { readDate } from './dates.js';
import { openView } from './joins.js';

/** What a session can be asked about: a data set, or a view of several. */
export interface Source {
  readonly kind: 'dataSet' | 'view';
  readonly name: string;
  readonly columns: readonly Column[];
  readonly missingValues: readonly string[];
  /** Of its last row that has a time; null without any. */
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
  if (dataSet !== null) {
    const { columns } = dataSet;
    const whole = (values: readonly string[]) => columns.map((_, i) => values[i] ?? '');
    return { ...sourceOf(reads, dataSet, whole), kind: 'dataSet', name: dataSet.name, columns };
  }
  const view = await reads.view(instance, name);
  if (view === null) return null;
  const { left, columns, join } = await openView(reads, view);
  return { ...sourceOf(reads, left, join), kind: 'view', name: view.name, columns };
}

function sourceOf(
  reads: NexosisReads,
  { id, columns, missingValues }: DataSet,
  shown: (values: readonly string[]) => string[],
): Pick<Source, 'missingValues' | 'lastTime' | 'rows'> {
  return {
    missingValues,
    lastTime: async () => (columnOf(columns, 'timestamp') === undefined ? null : reads.lastTime(id)),
    async *rows() {
      let after: Row | null = null;
      for (;;) {
        const rows: Row[] = await reads.rowsAfter(id, after, rowsPerRead);
        if (rows.length === 0) return;
        yield rows.map(({ values }) => shown(values));
        after = rows.at(-1) ?? null;
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

/** A row with its timestamp in one form, where it can be read. */
export function withMoment(values: readonly string[], timestamp: number): readonly string[] {
  const date = timestamp === -1 ? null : readDate(values[timestamp] ?? '');
  return date === null
    ? values
    : values.map((value, i) => (i === timestamp ? new Date(date.at).toISOString() : value));
}
