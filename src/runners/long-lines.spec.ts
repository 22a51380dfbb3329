import { describe, expect, it } from '@jest/globals';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { fieldsOf, isJson, LineWriter, lineWith, quoted, unquoted } from './long-lines.js';
import { inMemory, LongText, wholeOf } from '../scheduler/long-text.js';

/** Returns `text` in pieces of `size` bytes. */
function long(text: string, size: number): LongText {
  const bytes = Buffer.from(text);
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
  return new LongText(inMemory(pieces));
}

async function joined(pieces: AsyncIterable<Buffer>): Promise<string> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all).toString();
}

const text = fc.string({
  unit: fc.constantFrom('a', '"', '\\', '\n', '\u0001', 'é', '→', '🐈', '\u2028'),
  maxLength: 60,
});
const size = fc.integer({ min: 1, max: 7 });
/** Escapes JSON as the Python workers do. */
const ascii = (json: string) =>
  json.replace(/[\u007f-\uffff]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);

describe('a string of many megabytes', () => {
  it('is escaped in pieces as it would be at once', async () => {
    await fc.assert(
      fc.asyncProperty(text, size, async (raw, cuts) => {
        expect(JSON.parse(await joined(quoted(long(raw, cuts))))).toBe(raw);
      }),
    );
  });

  it('is decoded wherever its escapes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(text, size, fc.boolean(), async (raw, cuts, inAscii) => {
        const json = JSON.stringify(raw);
        expect(await wholeOf(await unquoted(long(inAscii ? ascii(json) : json, cuts)))).toBe(raw);
      }),
      { numRuns: 500 },
    );
  });

  it('is printed in one line with the other fields', async () => {
    const line = await joined(lineWith({ type: 'run', job: 'j' }, 'params', quoted(long('{"a":"ü"}', 3))));
    expect(line.endsWith('\n')).toBe(true);
    expect(JSON.parse(line)).toEqual({ type: 'run', job: 'j', params: '{"a":"ü"}' });
  });
});

describe('a message of many megabytes', () => {
  const many = 'x'.repeat(600_000);
  const fields = (message: object) => fieldsOf([Buffer.from(JSON.stringify(message))], ['result']);

  it('has its long field as a long text, and the other fields unchanged', async () => {
    const { result, ...others } = await fields({ type: 'result', job: 'j', n: 1, result: many });
    expect(others).toEqual({ type: 'result', job: 'j', n: 1 });
    expect(await wholeOf(result as LongText)).toBe(many);
  });

  it('keeps only the start and the length of a long field that people read', async () => {
    const { text: shown } = await fields({ type: 'log', text: many });
    expect(shown).toBe(`${'x'.repeat(100_000)}… (600000 bytes in all)`);
  });

  it('is refused if it is not JSON, or if a long field is not a string', async () => {
    await expect(fieldsOf([Buffer.from(`{"a":"${many}"`)], [])).rejects.toThrow(
      /expected "," or "}" at line 1/,
    );
    await expect(fields({ programs: [many] })).rejects.toThrow('programs has 600004 bytes');
  });

  it.each([
    ['{"a":[1,null]}', true],
    ['"text"', true],
    ['NaN', false],
    ['{"a":1} x', false],
  ])('is checked for JSON: %s', async (output, is) => {
    expect(await isJson(long(output, 2))).toBe(is);
  });
});

describe('written lines', () => {
  it('keep their order, and a short line waits for the end of a long one', async () => {
    const stream = new PassThrough({ highWaterMark: 10 });
    const writer = new LineWriter(stream);
    const written: string[] = [];
    writer.write('first\n', () => written.push('first'));
    writer.write(long(`${'x'.repeat(100)}\n`, 7).pieces(), () => written.push('long'));
    writer.write('last\n', () => written.push('last'));
    writer.after(() => stream.end());
    expect(await joined(stream)).toBe(`first\n${'x'.repeat(100)}\nlast\n`);
    expect(written).toEqual(['first', 'long', 'last']);
  });

  it('to a destroyed stream do not wait forever', async () => {
    const stream = new PassThrough({ highWaterMark: 10 });
    const writer = new LineWriter(stream);
    writer.write(long('x'.repeat(100), 7).pieces());
    stream.destroy();
    await new Promise<void>((resolve) => writer.after(resolve));
    expect(stream.destroyed).toBe(true);
  });
});
