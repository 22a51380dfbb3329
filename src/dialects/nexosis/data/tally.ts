import type { Column, Grown, StatusMessage, Upsert } from '../storage/ports.js';
import { identifier, type Plan } from './upload.js';

/** What an upload did with rows of equal key or time. */
export interface Tally {
  /** Rows that stay beside others of the same value. */
  readonly kept: number;
  /** Rows that became one with an earlier row of the same upload. */
  readonly merged: number;
  /** By how many rows fewer stored ones were replaced. */
  readonly dropped: number;
}

export const noTally: Tally = { kept: 0, merged: 0, dropped: 0 };

/** After some more rows. */
export const tallied = (
  tally: Tally,
  { repeated }: Pick<Grown, 'repeated'>,
  { repeats }: Pick<Upsert, 'repeats'>,
): Tally => ({
  ...tally,
  kept: tally.kept + (repeats === 'keep' ? repeated : 0),
  merged: tally.merged + (repeats === 'merge' ? repeated : 0),
});

/** After the last of an upload's rows. */
export const closed = (tally: Tally, { replaced }: Pick<Upsert, 'replaced'>): Tally => ({
  ...tally,
  dropped: [...replaced.values()].reduce((sum, fewer) => sum + fewer, 0),
});

/** For the answer to the upload. */
export function messagesOf(columns: readonly Column[], { kept, merged, dropped }: Tally): StatusMessage[] {
  const column = identifier(columns);
  if (column === undefined) return [];
  const messages: StatusMessage[] = [];
  if (kept > 0) {
    const later =
      column.role === 'key'
        ? 'An upload of such a value replaces all rows that have it.'
        : "A session puts together the rows of one interval by each column's aggregation.";
    messages.push({
      severity: 'informational',
      message: `${counted(kept, 'repeats', 'repeat')} a value of the column ${column.name}; all rows are kept. ${later}`,
    });
  }
  if (merged > 0)
    messages.push({
      severity: 'warning',
      message: `${counted(merged, 'has', 'have')} a value of the key column ${column.name} that an earlier row of the same upload has, and replaced it.`,
    });
  if (dropped > 0)
    messages.push({
      severity: 'warning',
      message: `Stored rows with a value of the column ${column.name} that the upload has were replaced by fewer rows: ${counted(dropped, 'more is', 'more are')} gone than came.`,
    });
  return messages;
}

/** Names in one message: an upload may declare ten thousand. */
const mostNamed = 10;

/** For declared columns that came without a value: the next upload may have them, or a name is misspelt. */
export function unseenMessages({ unseen, rows }: Pick<Plan, 'unseen' | 'rows'>): StatusMessage[] {
  if (unseen.length === 0 || rows === 0) return [];
  const more = unseen.length > mostNamed ? ` and ${unseen.length - mostNamed} more` : '';
  const names = `${unseen.slice(0, mostNamed).join(', ')}${more}`;
  const message = `The metadata declares columns that no row has: ${names}. They are empty until an upload has values for them.`;
  return [{ severity: 'warning', message }];
}

const counted = (count: number, one: string, many: string): string =>
  count === 1 ? `1 row ${one}` : `${count} rows ${many}`;
