/** Rows of an upload, which can be read more than once: first to learn what is in them, then to store them. */
export interface RowReader {
  /** Of the columns, in order of first appearance. Grows while the rows are read the first time. */
  readonly names: readonly string[];
  /** Values by position of `names`; null where a row says nothing about a column. */
  batches(): AsyncIterable<(string | null)[][]>;
}
