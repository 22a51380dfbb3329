import { Tokenizer } from '@streamparser/json';

interface Inner {
  readonly bufferedString: { appendCharCode(code: number): void };
  escapedCharsByteLength: number;
}

/** The library's tokenizer with a short way for escapes. */
class QuickTokenizer extends Tokenizer {}

/**
 * The library makes bytes of each character that is written as `\u`, and a text of these again: a million of them took a second
 * and a half. Both halves of a pair of surrogates, put in one after the other, are the same character. The method is private, so
 * the class cannot override it.
 */
Object.assign(QuickTokenizer.prototype, {
  appendUnicodeCodeUnit(this: Inner, code: number): void {
    this.bufferedString.appendCharCode(code);
    // Of the six bytes none stands in the text's own.
    this.escapedCharsByteLength += 6;
  },
});

/** Numbers of more digits than a double holds stay the text they are. */
export class ExactTokenizer extends QuickTokenizer {
  override parseNumber(text: string): number {
    const value = Number(text);
    const digits = text.replace(/e.*$/i, '').replace(/[^\d]/g, '').length;
    return digits <= 15 && Number.isFinite(value) ? value : (text as unknown as number);
  }
}

/** Every number stays the text that it is. */
export class LiteralTokenizer extends QuickTokenizer {
  override parseNumber(text: string): number {
    return text as unknown as number;
  }
}
