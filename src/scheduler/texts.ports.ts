import type { LongText } from './long-text.js';

/**
 * Texts of many megabytes, stored in pieces, each in a short transaction. A text gets its owner when the owner is
 * stored.
 */
export interface TextsTx {
  /** Creates an empty text and returns its number. */
  begin(): Promise<number>;
  /** Appends pieces, numbered from `from`. All pieces of a text except the last have the full piece size. */
  append(text: number, from: number, pieces: readonly Buffer[]): Promise<void>;
  /** Removes at most `limit` pieces, and the text with its last piece. Returns true if there may be more. */
  removeSome(text: number, limit: number): Promise<boolean>;
}

export interface TextsReads {
  /** Texts without an owner: half written when the service crashed, or of a job that was removed. */
  unownedTexts(): Promise<number[]>;
  storedText(text: number, bytes: number): LongText;
}
