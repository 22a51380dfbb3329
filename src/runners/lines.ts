import { longFrom } from '../scheduler/long-text.js';

/** The most characters of a process's last line in the reason for its end. */
export const maxReasonLength = 300;

/** Cuts a text after `most` characters and marks the cut with an ellipsis. */
export const shortened = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most)}…` : text;

export interface LineLimit {
  /** The most bytes of a line. No more than this is kept in memory. */
  readonly longest?: number | undefined;
  /** Called once for each line that is too long; the rest of the line is dropped. */
  readonly onTooLong?: () => void;
  /** Receives lines of many megabytes in pieces. If it is absent, `onLine` receives them, too. */
  readonly onLong?: (pieces: readonly Buffer[]) => void;
}

/** Splits a byte stream into lines. Pieces of a line are joined at most once, because it may have tens of megabytes. */
export function lineSplitter(
  onLine: (line: string) => void,
  { longest = Infinity, onTooLong, onLong }: LineLimit = {},
): (chunk: Buffer) => void {
  let pieces: Buffer[] = [];
  let size = 0;
  const take = (piece: Buffer): void => {
    if (size <= longest && size + piece.length > longest) {
      pieces = [];
      onTooLong?.();
    }
    size += piece.length;
    if (size <= longest) pieces.push(piece);
  };
  const end = (): void => {
    const whole = size <= longest;
    const [all, bytes] = [pieces, size];
    pieces = [];
    size = 0;
    if (!whole || bytes === 0) return;
    if (onLong !== undefined && bytes >= longFrom) return onLong(all);
    const line = all.length === 1 && all[0] ? all[0] : Buffer.concat(all);
    onLine(line.toString('utf8'));
  };
  return (chunk) => {
    let from = 0;
    for (let to = chunk.indexOf(10, from); to !== -1; to = chunk.indexOf(10, from)) {
      take(chunk.subarray(from, to));
      end();
      from = to + 1;
    }
    if (from < chunk.length) take(chunk.subarray(from));
  };
}
