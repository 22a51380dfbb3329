import type { Column, RowChanges, StatusMessage, Upsert } from '../storage/ports.js';
import { identifier, type Plan } from './upload.js';

/** Counts of an upload's rows whose key or time was not unique. */
export interface Tally {
  /** Rows that are stored beside an earlier row of the same upload. */
  readonly repeated: number;
  /** Rows that were merged into an earlier row of the same upload. */
  readonly merged: number;
  /** Stored rows that were replaced, less the rows that replaced them. */
  readonly dropped: number;
}

export const noTally: Tally = { repeated: 0, merged: 0, dropped: 0 };

/** Adds the counts of some rows. */
export const addToTally = (
  tally: Tally,
  { repeated }: Pick<RowChanges, 'repeated'>,
  { repeats }: Pick<Upsert, 'repeats'>,
): Tally => ({
  ...tally,
  repeated: tally.repeated + (repeats === 'keep' ? repeated : 0),
  merged: tally.merged + (repeats === 'merge' ? repeated : 0),
});

/** Adds the dropped rows after the last row of an upload. */
export const closeTally = (tally: Tally, { replaced }: Pick<Upsert, 'replaced'>): Tally => ({
  ...tally,
  dropped: [...replaced.values()].reduce((sum, fewer) => sum + fewer, 0),
});

/** Returns the messages for the response to an upload. */
export function messagesOf(
  columns: readonly Column[],
  { repeated, merged, dropped }: Tally,
): StatusMessage[] {
  const column = identifier(columns);
  if (column === undefined) return [];
  const messages: StatusMessage[] = [];
  if (repeated > 0) {
    const later =
      column.role === 'key'
        ? 'An upload of such a value replaces all rows that have it.'
        : "A session puts together the rows of one interval by each column's aggregation.";
    messages.push({
      severity: 'informational',
      message: `${countedRows(repeated, 'repeats', 'repeat')} a value of the column ${column.name}; all rows are kept. ${later}`,
    });
  }
  if (merged > 0)
    messages.push({
      severity: 'warning',
      message: `${countedRows(merged, 'has', 'have')} a value of the key column ${column.name} that an earlier row of the same upload has, and replaced it.`,
    });
  if (dropped > 0)
    messages.push({
      severity: 'warning',
      message: `Stored rows with a value of the column ${column.name} that the upload has were replaced by fewer rows: ${countedRows(dropped, 'more is', 'more are')} gone than came.`,
    });
  return messages;
}

/** Most columns named in a message. An upload may declare ten thousand. */
const maxNamed = 10;

/** Warns of declared columns without values. A later upload may have values for them, or the name may be misspelt. */
export function unseenMessages({ unseen, rows }: Pick<Plan, 'unseen' | 'rows'>): StatusMessage[] {
  if (unseen.length === 0 || rows === 0) return [];
  const more = unseen.length > maxNamed ? ` and ${unseen.length - maxNamed} more` : '';
  const names = `${unseen.slice(0, maxNamed).join(', ')}${more}`;
  const message = `The metadata declares columns that no row has: ${names}. They are empty until an upload has values for them.`;
  return [{ severity: 'warning', message }];
}

const countedRows = (count: number, one: string, many: string): string =>
  count === 1 ? `1 row ${one}` : `${count} rows ${many}`;
