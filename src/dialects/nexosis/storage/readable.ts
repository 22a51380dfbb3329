import { Logger } from '@nestjs/common';
import { UnreadableRow } from '../../../scheduler/ports.js';

const logger = new Logger('Nexosis');

/** Logs the row that this version cannot read, by table, row and column. Throws any other error again. */
export function logUnreadable(error: unknown): void {
  if (!(error instanceof UnreadableRow)) throw error;
  logger.error(error.message);
}

/**
 * Converts the rows of a list. Leaves out those that this version cannot read, so that the others can still be used.
 */
export function readable<R, T>(rows: readonly R[], convert: (row: R) => T): T[] {
  const values: T[] = [];
  for (const row of rows) {
    try {
      values.push(convert(row));
    } catch (error) {
      logUnreadable(error);
    }
  }
  return values;
}
