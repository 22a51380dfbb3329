import type { Column, DataSet, Range } from '../storage/ports.js';
import { columnWithRole, findColumn, writeColumns } from './columns.js';
import { normaliseDate, writeMoment } from './dates.js';
import { invalidField } from './errors.js';
import type { Fields } from './fields.js';

/** Returns the members that every response about a data set has. */
export const dataSetFields = (dataSet: DataSet) => ({
  dataSetName: dataSet.name,
  dataSetSize: dataSet.size,
  columnCount: dataSet.columns.length,
  rowCount: dataSet.rowCount,
  isTimeSeries: columnWithRole(dataSet.columns, 'timestamp') !== undefined,
  dateCreated: writeMoment(dataSet.createdAt),
  lastModified: writeMoment(dataSet.modifiedAt),
  columns: writeColumns(dataSet.columns),
  messages: [] as const,
});

export const summaryOf = (dataSet: DataSet, base: string, rel: 'self' | 'data' = 'self') => ({
  ...dataSetFields(dataSet),
  links: [{ rel, href: `${base}/data/${encodeURIComponent(dataSet.name)}` }],
});

/** Rows of a response, with the requested columns only. */
export interface ResponseRows {
  readonly names: readonly string[];
  readonly lists: readonly (readonly string[])[];
  objects(): Record<string, string>[];
}

/** Selects the columns named in `include`, or all if it is empty. `normalises`: write all timestamps in one form. */
export function rowsOf(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  include: readonly string[],
  normalises: boolean,
): ResponseRows {
  const unknown = include.find((name) => findColumn(columns, name) === undefined);
  if (unknown !== undefined) throw invalidField('include', `There is no column ${unknown}.`);
  const included = new Set(include.map((name) => name.toLowerCase()));
  const selected = columns
    .map((column, i) => ({ column, i }))
    .filter(({ column }) => include.length === 0 || included.has(column.name.toLowerCase()));
  return table(
    selected.map(({ column }) => column.name),
    rows.map((values) =>
      selected.map(({ column, i }) => {
        const value = values[i] ?? '';
        return normalises && column.role === 'timestamp' ? normaliseDate(value) : value;
      }),
    ),
  );
}

export const table = (names: readonly string[], lists: readonly (readonly string[])[]): ResponseRows => ({
  names,
  lists,
  objects: () => lists.map((values) => Object.fromEntries(names.map((name, i) => [name, values[i] ?? '']))),
});

/** Reads the dates that select rows by their timestamp. Throws if dates are given and no column is the timestamp. */
export function readRange(query: Fields, { name, columns }: Pick<DataSet, 'name' | 'columns'>): Range {
  const range = { from: query.moment('startDate'), to: query.until('endDate') };
  const hasRange = range.from !== undefined || range.to !== undefined;
  if (hasRange && columnWithRole(columns, 'timestamp') === undefined)
    throw invalidField('startDate', `${name} has no timestamp column, so dates cannot select rows.`);
  return range;
}
