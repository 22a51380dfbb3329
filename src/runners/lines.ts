import { longFrom } from '../scheduler/long-text.js';

/** Characters of what a process said last, in the sentence that says how it ended. */
export const longestReason = 300;

/** A text of at most `most` characters, and a sign where it was longer. */
export const shortened = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most)}…` : text;

export interface LineLimit {
  /** Bytes of the longest line that is handed on; of a longer one no more than this is kept in memory. */
  readonly longest?: number | undefined;
  /** A line has become too long. Told once; the rest of it is dropped. */
  readonly onTooLong?: () => void;
  /** Takes the lines of many megabytes, in pieces. Without it they are handed on like all others. */
  readonly onLong?: (pieces: readonly Buffer[]) => void;
}

/** Cuts a byte stream into lines. A line may be tens of megabytes, so its pieces are joined once, at its end, or never. */
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
