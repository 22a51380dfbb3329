import { describe, expect, it } from '@jest/globals';
import { TokenType } from '@streamparser/json';
import fc from 'fast-check';
import { ExactTokenizer } from './json-tokens.js';

/** Returns the texts in some JSON with their offsets, read in chunks of `chunkSize` bytes. */
function textsIn(json: string, chunkSize: number): [unknown, number][] {
  const texts: [unknown, number][] = [];
  const tokenizer = new ExactTokenizer();
  tokenizer.onToken = ({ token, value, offset }) => {
    if (token === TokenType.STRING) texts.push([value, offset]);
  };
  const bytes = Buffer.from(json);
  for (let from = 0; from < bytes.length; from += chunkSize)
    tokenizer.write(bytes.subarray(from, from + chunkSize));
  return texts;
}

const escaped = (code: number) => `\\u${code.toString(16).padStart(4, '0')}`;
/** Random code units, lone surrogates among them, each to be written as an escape or, if possible, literally. */
const unit = fc.tuple(
  fc.oneof(fc.integer({ min: 0x20, max: 0xffff }), fc.integer({ min: 0xd7f0, max: 0xe010 })),
  fc.boolean(),
);

describe('texts with escapes', () => {
  it('are read as JSON.parse reads them, wherever the chunks end', () => {
    fc.assert(
      fc.property(fc.array(unit), fc.integer({ min: 1, max: 9 }), (units, chunkSize) => {
        const written = units.map(([code, plain]) => {
          const isHalf = code >= 0xd800 && code <= 0xdfff;
          return plain && !isHalf && code !== 0x22 && code !== 0x5c
            ? String.fromCharCode(code)
            : escaped(code);
        });
        const json = `["${written.join('')}","after"]`;
        const after = Buffer.byteLength(json) - '"after"]'.length;
        expect(textsIn(json, chunkSize)).toEqual([
          [(JSON.parse(json) as string[])[0], 1],
          ['after', after],
        ]);
      }),
      { numRuns: 500 },
    );
  });
});
