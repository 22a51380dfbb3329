import type { LongText } from './long-text.js';

/** Texts of many megabytes, stored in pieces, each a short transaction. Whose a text is, its owner says when it is stored. */
export interface TextsTx {
  /** A new text without anything in it. Answers its number. */
  begin(): Promise<number>;
  /** Pieces number `from` and so on; all pieces of a text but the last have the size that pieces have. */
  append(text: number, from: number, pieces: readonly Buffer[]): Promise<void>;
  /** Removes so many pieces, and the text with the last of them. True: there may be more. */
  removeSome(text: number, limit: number): Promise<boolean>;
}

export interface TextsReads {
  /** Texts that no job has: half written when the service crashed, or of a job that was removed. */
  unowned(): Promise<number[]>;
  stored(text: number, bytes: number): LongText;
}
