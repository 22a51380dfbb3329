import { describe, expect, it } from '@jest/globals';
import { TokenType } from '@streamparser/json';
import fc from 'fast-check';
import { ExactTokenizer } from './json-tokens.js';

/** The texts in some JSON, read in pieces of so many bytes, and where each begins. */
function textsIn(json: string, piece: number): [unknown, number][] {
  const found: [unknown, number][] = [];
  const tokenizer = new ExactTokenizer();
  tokenizer.onToken = ({ token, value, offset }) => {
    if (token === TokenType.STRING) found.push([value, offset]);
  };
  const bytes = Buffer.from(json);
  for (let from = 0; from < bytes.length; from += piece) tokenizer.write(bytes.subarray(from, from + piece));
  return found;
}

const escaped = (code: number) => `\\u${code.toString(16).padStart(4, '0')}`;
/** Code units by chance, halves of pairs among them, each as an escape or, where that can be, as it is. */
const unit = fc.tuple(
  fc.oneof(fc.integer({ min: 0x20, max: 0xffff }), fc.integer({ min: 0xd7f0, max: 0xe010 })),
  fc.boolean(),
);

describe('texts with escapes', () => {
  it('are what JSON.parse makes of them, wherever the pieces end', () => {
    fc.assert(
      fc.property(fc.array(unit), fc.integer({ min: 1, max: 9 }), (units, piece) => {
        const written = units.map(([code, plain]) => {
          const isHalf = code >= 0xd800 && code <= 0xdfff;
          return plain && !isHalf && code !== 0x22 && code !== 0x5c
            ? String.fromCharCode(code)
            : escaped(code);
        });
        const json = `["${written.join('')}","after"]`;
        const after = Buffer.byteLength(json) - '"after"]'.length;
        expect(textsIn(json, piece)).toEqual([
          [(JSON.parse(json) as string[])[0], 1],
          ['after', after],
        ]);
      }),
      { numRuns: 500 },
    );
  });
});
