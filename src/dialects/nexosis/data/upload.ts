import type { Column, DataSet, NewRow } from '../storage/ports.js';
import { noTime } from '../storage/ports.js';
import { checkColumns, checkCount, columnWithRole, findColumn, mergeDeclared, positionsOf, type DeclaredColumn } from '../wire/columns.js';
import { readDate, writeTimestamp } from '../wire/dates.js';
import { invalidColumns } from '../wire/errors.js';
import { checkCells, type RowReader } from './rows.js';
import { assignRoles, Survey } from './survey.js';

/** Rows that are looked at before others have a turn. */
const rowsEachTurn = 250;

/** An upload as it was asked for. */
export interface Upload {
  readonly reader: RowReader;
  readonly declared: readonly DeclaredColumn[];
  /** Undefined: nothing was said about them. */
  readonly missingValues: readonly string[] | undefined;
  /** Members of a JSON body that nobody reads. */
  readonly ignored?: readonly string[];
}

/** What an upload makes of a data set's columns, and where its own values go. */
export interface Plan {
  readonly columns: readonly Column[];
  readonly missingValues: readonly string[];
  readonly rows: number;
  /** Place of each of the upload's columns among the set's. */
  readonly places: readonly number[];
  /** Rows that are there already are found by another column now. */
  readonly rekeys: boolean;
  /** Names of columns that were declared and are nowhere: neither in the set nor in this upload. */
  readonly unseen: readonly string[];
}

/** Reads the whole upload once and decides what the set's columns will be. */
export async function planUpload(before: DataSet | null, upload: Upload): Promise<Plan> {
  const missingValues = upload.missingValues ?? before?.missingValues ?? [];
  const survey = new Survey(missingValues);
  for await (const rows of upload.reader.batches()) {
    for (let from = 0; from < rows.length; from += rowsEachTurn) {
      survey.see(rows.slice(from, from + rowsEachTurn));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const { names } = upload.reader;
  const known = before?.columns ?? [];
  const seen = names.map((name, i) => survey.column(name, i));
  const knownPlaces = positionsOf(known);
  const added = seen.filter(({ name }) => !knownPlaces.has(name.toLowerCase()));
  const present = [...known, ...added];
  const unseen = upload.declared.map(({ name }) => name).filter((name) => findColumn(present, name) === undefined);
  if (before !== null && survey.rows === 0) checkUnseen(before, unseen);
  const columns = mergeDeclared(present, upload.declared);
  checkCount(columns.length);
  checkCells(survey.rows, columns.length, upload.reader.bytes);
  const settles = upload.declared.some(({ role }) => role === 'timestamp' || role === 'key');
  const unique = names.filter(
    (name, i) => survey.isUniqueDate(i) && findColumn(columns, name)?.role === 'feature',
  );
  const said = (name: string) => findColumn(upload.declared, name)?.role !== undefined;
  const inferred =
    known.length > 0
      ? columns
      : assignRoles(
          columns,
          unique.filter((name) => !said(name)),
          settles,
        );
  // A target that was declared leaves no room for one that is inferred, and a feature that was declared stays one.
  const final = inferred.map((column, i) => (said(column.name) ? (columns[i] ?? column) : column));
  const finalPlaces = positionsOf(final);
  checkColumns(final);
  checkKey(before, final);
  return {
    columns: final,
    missingValues,
    rows: survey.rows,
    places: names.map((name) => finalPlaces.get(name.toLowerCase()) ?? 0),
    unseen,
    rekeys: before !== null && before.rowCount > 0 && identity(known) !== identity(final),
  };
}

/** Metadata alone describes the columns that are there. A set without rows may be given more. */
function checkUnseen({ name: dataSet, rowCount }: DataSet, unseen: readonly string[]): void {
  if (rowCount === 0 || unseen.length === 0) return;
  throw invalidColumns(Object.fromEntries(unseen.map((name) => [name, [`${dataSet} has no column ${name}.`]])));
}

function checkKey(before: DataSet | null, columns: readonly Column[]): void {
  const key = columnWithRole(before?.columns ?? [], 'key');
  const now = key === undefined ? undefined : findColumn(columns, key.name);
  if (key === undefined || now === undefined || now.dataType === key.dataType) return;
  throw invalidColumns({ [key.name]: [`The dataType of the key column ${key.name} cannot be changed.`] });
}

/** The column whose equal values make rows replace each other. */
export const identifier = (columns: readonly Column[]): Column | undefined =>
  columnWithRole(columns, 'key') ?? columnWithRole(columns, 'timestamp');

/** By which column rows replace each other, and by which they are ordered. */
const identity = (columns: readonly Column[]): string =>
  `${columnWithRole(columns, 'key')?.name ?? ''}\n${columnWithRole(columns, 'timestamp')?.name ?? ''}`;

/** Rows as they are stored in a set with these columns. */
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
