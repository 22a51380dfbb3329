import type { Column, DataSet, NewRow } from '../storage/ports.js';
import { noTime } from '../storage/ports.js';
import {
  checkColumns,
  checkCount,
  columnWithRole,
  findColumn,
  mergeDeclared,
  positionsOf,
  type DeclaredColumn,
} from '../wire/columns.js';
import { readDate, writeTimestamp } from '../wire/dates.js';
import { invalidColumns } from '../wire/errors.js';
import { checkCells, type RowReader } from './rows.js';
import { assignRoles, Survey } from './survey.js';

/** Rows that are surveyed before other work may run. */
const rowsPerTurn = 250;

/** A request to upload rows or metadata. */
export interface Upload {
  readonly reader: RowReader;
  readonly declared: readonly DeclaredColumn[];
  /** Undefined keeps the missing values of the data set. */
  readonly missingValues: readonly string[] | undefined;
  /** Unknown members of a JSON body. */
  readonly ignored?: readonly string[];
}

/** The columns that a data set has after an upload, and how the upload's values are stored in them. */
export interface Plan {
  readonly columns: readonly Column[];
  readonly missingValues: readonly string[];
  readonly rows: number;
  /** Position of each column of the upload among those of the set. */
  readonly places: readonly number[];
  /** Whether another column identifies the stored rows now, so that they must be stored again. */
  readonly rekeys: boolean;
  /** Names of declared columns that neither the set nor the upload has. */
  readonly unseen: readonly string[];
}

/** Reads the whole upload once and plans the columns of its data set. */
export async function planUpload(before: DataSet | null, upload: Upload): Promise<Plan> {
  const missingValues = upload.missingValues ?? before?.missingValues ?? [];
  const survey = new Survey(missingValues);
  for await (const rows of upload.reader.batches()) {
    for (let from = 0; from < rows.length; from += rowsPerTurn) {
      survey.add(rows.slice(from, from + rowsPerTurn));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const { names } = upload.reader;
  const knownColumns = before?.columns ?? [];
  const surveyedColumns = names.map((name, i) => survey.column(name, i));
  const knownPlaces = positionsOf(knownColumns);
  const newColumns = surveyedColumns.filter(({ name }) => !knownPlaces.has(name.toLowerCase()));
  const allColumns = [...knownColumns, ...newColumns];
  const unseen = upload.declared
    .map(({ name }) => name)
    .filter((name) => findColumn(allColumns, name) === undefined);
  if (before !== null && survey.rows === 0) checkUnseen(before, unseen);
  const columns = mergeDeclared(allColumns, upload.declared);
  checkCount(columns.length);
  checkCells(survey.rows, columns.length, upload.reader.bytes);
  const declaresIdentity = upload.declared.some(({ role }) => role === 'timestamp' || role === 'key');
  const unique = names.filter(
    (name, i) => survey.isUniqueDate(i) && findColumn(columns, name)?.role === 'feature',
  );
  const hasDeclaredRole = (name: string) => findColumn(upload.declared, name)?.role !== undefined;
  const inferred =
    knownColumns.length > 0
      ? columns
      : assignRoles(
          columns,
          unique.filter((name) => !hasDeclaredRole(name)),
          declaresIdentity,
        );
  // Inference does not change a declared role. A declared target was considered above, so no other one is inferred.
  const final = inferred.map((column, i) => (hasDeclaredRole(column.name) ? (columns[i] ?? column) : column));
  const finalPlaces = positionsOf(final);
  checkColumns(final);
  checkKey(before, final);
  return {
    columns: final,
    missingValues,
    rows: survey.rows,
    places: names.map((name) => finalPlaces.get(name.toLowerCase()) ?? 0),
    unseen,
    rekeys: before !== null && before.rowCount > 0 && identity(knownColumns) !== identity(final),
  };
}

/** Throws if metadata without rows declares unknown columns, unless the set has no rows yet. */
function checkUnseen({ name: dataSet, rowCount }: DataSet, unseen: readonly string[]): void {
  if (rowCount === 0 || unseen.length === 0) return;
  throw invalidColumns(
    Object.fromEntries(unseen.map((name) => [name, [`${dataSet} has no column ${name}.`]])),
  );
}

function checkKey(before: DataSet | null, columns: readonly Column[]): void {
  const key = columnWithRole(before?.columns ?? [], 'key');
  const updated = key === undefined ? undefined : findColumn(columns, key.name);
  if (key === undefined || updated === undefined || updated.dataType === key.dataType) return;
  throw invalidColumns({ [key.name]: [`The dataType of the key column ${key.name} cannot be changed.`] });
}

/** Returns the column by whose value rows replace each other. */
export const identifier = (columns: readonly Column[]): Column | undefined =>
  columnWithRole(columns, 'key') ?? columnWithRole(columns, 'timestamp');

/** Identifies the columns by which rows replace each other and by which they are ordered. */
const identity = (columns: readonly Column[]): string =>
  `${columnWithRole(columns, 'key')?.name ?? ''}\n${columnWithRole(columns, 'timestamp')?.name ?? ''}`;

/** Returns a function that turns values into rows of a set with these columns. */
export function rowMaker(columns: readonly Column[]): (values: readonly (string | null)[]) => NewRow {
  const place = (role: Column['role']) => columns.findIndex((column) => column.role === role);
  const [key, timestamp] = [place('key'), place('timestamp')];
  return (values) => {
    const text = timestamp === -1 ? null : (values[timestamp] ?? '');
    const date = text === null ? null : readDate(text);
    const time = date !== null ? writeTimestamp(date) : text === '' ? null : text;
    return {
      values,
      at: text === null ? 0 : (date?.at ?? noTime),
      key: key === -1 ? time : values[key] || null,
    };
  };
}
