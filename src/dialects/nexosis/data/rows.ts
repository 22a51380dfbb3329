import { invalidField } from '../wire/errors.js';

/** The rows of an upload. They are read twice: first to infer the columns, then to store the values. */
export interface RowReader {
  /** Names of the columns, in order of first appearance. */
  readonly names: readonly string[];
  /** Size of the body, in bytes. */
  readonly bytes: number;
  /** Yields rows of values by position of `names`. Null if a row does not have a column. */
  batches(): AsyncIterable<(string | null)[][]>;
}

/** Cells that a body may have for each of its bytes, and regardless of its size. */
const [maxCellsPerByte, freeCells] = [10, 1_000_000];

/**
 * Throws if an upload of `bytes` bytes has too many cells. A row is stored with a value for each column of its set, so
 * rows that name few of many columns take far more time and space than their bytes suggest: `{"a":1}` in a set of
 * 10,000 columns takes 10,000 cells.
 */
export function checkCells(rows: number, columns: number, bytes: number): void {
  const most = freeCells + maxCellsPerByte * bytes;
  if (rows * columns <= most) return;
  throw invalidField(
    'data',
    `${rows} rows of ${columns} columns are ${rows * columns} cells, and a body of this size may have ${most}: most of them would be empty. Send fewer rows at a time, or put columns that are seldom used into a data set of their own.`,
  );
}
