import { invalidField } from '../wire/errors.js';

/** Rows of an upload, which can be read more than once: first to learn what is in them, then to store them. */
export interface RowReader {
  /** Of the columns, in order of first appearance. Grows while the rows are read the first time. */
  readonly names: readonly string[];
  /** Of the body that the rows are read from. */
  readonly bytes: number;
  /** Values by position of `names`; null where a row says nothing about a column. */
  batches(): AsyncIterable<(string | null)[][]>;
}

/** Cells that a body may have for each of its bytes, and cells that any body may have. */
const [cellsPerByte, anyCells] = [10, 1_000_000];

/**
 * Throws when an upload of `bytes` bytes has too many cells. A row is stored with a value for each column of its set, so rows
 * that name few of many columns take far more time and room than their bytes: `{"a":1}` in a set of 10,000 columns takes 10,000
 * cells.
 */
export function checkCells(rows: number, columns: number, bytes: number): void {
  const most = anyCells + cellsPerByte * bytes;
  if (rows * columns <= most) return;
  throw invalidField(
    'data',
    `${rows} rows of ${columns} columns are ${rows * columns} cells, and a body of this size may have ${most}: most of them would be empty. Send fewer rows at a time, or put columns that are seldom used into a data set of their own.`,
  );
}
