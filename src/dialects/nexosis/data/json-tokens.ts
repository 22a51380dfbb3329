import { Tokenizer } from '@streamparser/json';

interface Inner {
  readonly bufferedString: { appendCharCode(code: number): void };
  escapedCharsByteLength: number;
}

/** The library's tokenizer with a faster method for escapes. */
class QuickTokenizer extends Tokenizer {}

/**
 * The library encodes each `\u` escape as bytes and decodes them again, which takes 1.5 s for a million escapes.
 * Appending the code units is enough, because two surrogates in a row make the same character. The method is private,
 * so the class cannot override it.
 */
Object.assign(QuickTokenizer.prototype, {
  appendUnicodeCodeUnit(this: Inner, code: number): void {
    this.bufferedString.appendCharCode(code);
    // None of the six bytes is part of the text itself.
    this.escapedCharsByteLength += 6;
  },
});

/** Returns numbers with more digits than a double holds as texts. */
export class ExactTokenizer extends QuickTokenizer {
  override parseNumber(text: string): number {
    const value = Number(text);
    const digits = text.replace(/e.*$/i, '').replace(/[^\d]/g, '').length;
    return digits <= 15 && Number.isFinite(value) ? value : (text as unknown as number);
  }
}

/** Returns every number as its text. */
export class LiteralTokenizer extends QuickTokenizer {
  override parseNumber(text: string): number {
    return text as unknown as number;
  }
}
