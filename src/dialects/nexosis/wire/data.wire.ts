import type { Column, DataSet, Range } from '../storage/ports.js';
import { columnOf, findColumn, writeColumns } from './columns.js';
import { normalised, writeMoment } from './dates.js';
import { invalidField } from './errors.js';
import type { Fields } from './fields.js';

/** What every answer about a data set says. */
export const dataSetFields = (dataSet: DataSet) => ({
  dataSetName: dataSet.name,
  dataSetSize: dataSet.size,
  columnCount: dataSet.columns.length,
  rowCount: dataSet.rowCount,
  isTimeSeries: columnOf(dataSet.columns, 'timestamp') !== undefined,
  dateCreated: writeMoment(dataSet.createdAt),
  lastModified: writeMoment(dataSet.modifiedAt),
  columns: writeColumns(dataSet.columns),
  messages: [] as const,
});

export const summaryOf = (dataSet: DataSet, base: string, rel: 'self' | 'data' = 'self') => ({
  ...dataSetFields(dataSet),
  links: [{ rel, href: `${base}/data/${encodeURIComponent(dataSet.name)}` }],
});

/** Rows on their way out, with the columns that were asked for. */
export interface ShownRows {
  readonly names: readonly string[];
  readonly lists: readonly (readonly string[])[];
  objects(): Record<string, string>[];
}

/** `include` chooses columns by name, none of them all; `normalises` writes timestamps in one form. */
export function rowsOf(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  include: readonly string[],
  normalises: boolean,
): ShownRows {
  const unknown = include.find((name) => findColumn(columns, name) === undefined);
  if (unknown !== undefined) throw invalidField('include', `There is no column ${unknown}.`);
  const included = new Set(include.map((name) => name.toLowerCase()));
  const wanted = columns
    .map((column, i) => ({ column, i }))
    .filter(({ column }) => include.length === 0 || included.has(column.name.toLowerCase()));
  return table(
    wanted.map(({ column }) => column.name),
    rows.map((values) =>
      wanted.map(({ column, i }) => {
        const value = values[i] ?? '';
        return normalises && column.role === 'timestamp' ? normalised(value) : value;
      }),
    ),
  );
}

export const table = (names: readonly string[], lists: readonly (readonly string[])[]): ShownRows => ({
  names,
  lists,
  objects: () => lists.map((values) => Object.fromEntries(names.map((name, i) => [name, values[i] ?? '']))),
});

/** Dates choose rows by the timestamp column. */
export function readRange(query: Fields, { name, columns }: Pick<DataSet, 'name' | 'columns'>): Range {
  const range = { from: query.moment('startDate'), to: query.until('endDate') };
  const asks = range.from !== undefined || range.to !== undefined;
  if (asks && columnOf(columns, 'timestamp') === undefined)
    throw invalidField('startDate', `${name} has no timestamp column that dates could choose rows by.`);
  return range;
}
