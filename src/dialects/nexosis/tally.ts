import type { Column, Grown, StatusMessage, Upsert } from '../../scheduler/nexosis.ports.js';
import { identifier } from './upload.js';

/** What an upload did with rows of equal key or time. */
export interface Tally {
  /** Rows that stay beside others of the same value. */
  readonly kept: number;
  /** Rows that became one with an earlier row of the same upload. */
  readonly merged: number;
  /** Stored rows that went because one row replaced several. */
  readonly dropped: number;
}

export const noTally: Tally = { kept: 0, merged: 0, dropped: 0 };

export function tallied(
  { kept, merged, dropped }: Tally,
  grown: Pick<Grown, 'repeated' | 'dropped'>,
  { repeats }: Pick<Upsert, 'repeats'>,
): Tally {
  return {
    kept: kept + (repeats === 'keep' ? grown.repeated : 0),
    merged: merged + (repeats === 'merge' ? grown.repeated : 0),
    dropped: dropped + grown.dropped,
  };
}

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
      message: `Several stored rows had the same value of the column ${column.name} as one row of the upload, which replaced them all: ${dropped} more ${dropped === 1 ? 'row' : 'rows'} than it brought ${dropped === 1 ? 'is' : 'are'} gone.`,
    });
  return messages;
}

const counted = (count: number, one: string, many: string): string =>
  count === 1 ? `1 row ${one}` : `${count} rows ${many}`;
