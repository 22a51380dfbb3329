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

/** `bytes` cut at these places, wherever they fall. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort(
    (a, b) => a - b,
  );
  return sorted.slice(1).map((to, i) => bytes.subarray(sorted[i], to));
}

const text = fc.string({ unit: 'binary' }).filter((line) => !line.includes('\n') && line !== '');
const places = fc.array(fc.nat(), { maxLength: 12 });

describe('lines', () => {
  it('come out whole wherever the stream was cut, also inside a character', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), places, (lines, at) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        expect(split(cut(bytes, at)).lines).toEqual(lines);
      }),
    );
  });

  it('come out whole when every byte arrives alone', () => {
    const bytes = Buffer.from('{"text":"Zürich → 🐈"}\n{}\n');
    expect(split(cut(bytes, [...bytes.keys()])).lines).toEqual(['{"text":"Zürich → 🐈"}', '{}']);
  });

  it('that are empty are passed over, and one without its end is kept back', () => {
    expect(split([Buffer.from('\n\na\n\nb')]).lines).toEqual(['a']);
  });

  it('of 64 MB arrive in pieces of 64 kB without being copied for each', () => {
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
  ])('with at most %i bytes: %j, %i told', (longest, lines, tooLong) => {
    expect(split([Buffer.from('12'), Buffer.from('34\nok\n')], longest)).toEqual({ lines, tooLong });
  });

  it('is told once and dropped to its end, and the next line is read', () => {
    fc.assert(
      fc.property(places, (at) => {
        const bytes = Buffer.from(`ab\n${'x'.repeat(500)}\nok\n`);
        expect(split(cut(bytes, at), 100)).toEqual({ lines: ['ab', 'ok'], tooLong: 1 });
      }),
    );
  });

  it('is told before its end has come: it may never come', () => {
    expect(split([Buffer.alloc(101, 'x')], 100)).toEqual({ lines: [], tooLong: 1 });
  });
});
