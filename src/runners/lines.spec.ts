import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lineSplitter } from './lines.js';

function split(chunks: readonly Buffer[], longest?: number): { lines: string[]; tooLong: number } {
  const lines: string[] = [];
  let tooLong = 0;
  const take = lineSplitter((line) => lines.push(line), { longest, onTooLong: () => (tooLong += 1) });
  for (const chunk of chunks) take(chunk);
  return { lines, tooLong };
}

/** Cuts `bytes` at these places, also inside characters. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort(
    (a, b) => a - b,
  );
  return sorted.slice(1).map((to, i) => bytes.subarray(sorted[i], to));
}

const text = fc.string({ unit: 'binary' }).filter((line) => !line.includes('\n') && line !== '');
const places = fc.array(fc.nat(), { maxLength: 12 });

describe('lines', () => {
  it('are complete wherever the stream is cut, also inside a character', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), places, (lines, at) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        expect(split(cut(bytes, at)).lines).toEqual(lines);
      }),
    );
  });

  it('are complete if every byte arrives alone', () => {
    const bytes = Buffer.from('{"text":"Zürich → 🐈"}\n{}\n');
    expect(split(cut(bytes, [...bytes.keys()])).lines).toEqual(['{"text":"Zürich → 🐈"}', '{}']);
  });

  it('that are empty are skipped, and one without a line end is held back', () => {
    expect(split([Buffer.from('\n\na\n\nb')]).lines).toEqual(['a']);
  });

  it('of 64 MB in pieces of 64 kB are not copied for each piece', () => {
    const line = Buffer.alloc(64 * 1024 * 1024, 'x');
    const chunks = [
      ...cut(
        line,
        Array.from({ length: 1023 }, (_, i) => (i + 1) * 65536),
      ),
      Buffer.from('\n'),
    ];
    const { lines } = split(chunks);
    expect(lines.map(({ length }) => length)).toEqual([line.length]);
  });
});

describe('a line that is too long', () => {
  it.each([
    [4, ['1234', 'ok'], 0],
    [3, ['ok'], 1],
  ])('with at most %i bytes: %j, %i reported', (longest, lines, tooLong) => {
    expect(split([Buffer.from('12'), Buffer.from('34\nok\n')], longest)).toEqual({ lines, tooLong });
  });

  it('is reported once and dropped completely, and the next line is read', () => {
    fc.assert(
      fc.property(places, (at) => {
        const bytes = Buffer.from(`ab\n${'x'.repeat(500)}\nok\n`);
        expect(split(cut(bytes, at), 100)).toEqual({ lines: ['ab', 'ok'], tooLong: 1 });
      }),
    );
  });

  it('is reported before its end arrives, because that may never arrive', () => {
    expect(split([Buffer.alloc(101, 'x')], 100)).toEqual({ lines: [], tooLong: 1 });
  });
});
