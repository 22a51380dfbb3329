import { describe, expect, it } from '@jest/globals';
import { csvReader } from './csv.js';
import { readJson } from '../wire/json-bodies.js';
import { jsonReader } from './json-rows.js';

const refusal = async (body: string): Promise<unknown> => {
  const error: unknown = await jsonReader(Buffer.from(body)).catch((caught: unknown) => caught);
  return (error as { getResponse?: () => { errorDetails: unknown } }).getResponse?.().errorDetails ?? error;
};
const cell = 'must be a text, a number, true, false or null.';

describe('An upload with nested lists', () => {
  it.each([1, 4_000_000])(
    'is refused at the first of %i nested lists, before memory is allocated',
    async (count) => {
      const before = process.memoryUsage().heapUsed;
      const body = `{"data":[{"a":1},{"a":2,"b":${'['.repeat(count)}${']'.repeat(count)}}]}`;
      expect(JSON.stringify(await refusal(body))).toContain(`Row 2: the value of b ${cell}`);
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(100e6);
    },
  );

  it('is refused if a value has a million lists', async () => {
    const body = `{"data":[{"a":[${'[],'.repeat(1_000_000)}1]}]}`;
    expect(JSON.stringify(await refusal(body))).toContain(`Row 1: the value of a ${cell}`);
  });

  it.each(['columns', 'x'])('may have 10000 lists and objects in %s, and not one more', async (member) => {
    const wide = (count: number) =>
      `{"${member}":{"a":{"b":[${'[],'.repeat(count - 2)}[]]}},"data":[{"a":1}]}`;
    expect((await jsonReader(Buffer.from(wide(10_000)))).names).toEqual(['a']);
    expect(JSON.stringify(await refusal(wide(10_001)))).toContain('more than 10000 objects and lists');
  });

  it.each(['columns', 'x'])('may be nested 512 levels deep in %s, and not one more', async (member) => {
    const deep = (count: number) =>
      `{"${member}":{"a":${'['.repeat(count - 2)}${']'.repeat(count - 2)}},"data":[{"a":1}]}`;
    expect((await jsonReader(Buffer.from(deep(512)))).names).toEqual(['a']);
    expect(JSON.stringify(await refusal(deep(513)))).toContain('nested more than 512 levels deep');
  });
});

describe('A value', () => {
  const long = (count: number) => 'x'.repeat(count);

  it('may have a million characters in JSON, and not one more', async () => {
    const body = (count: number) => `{"data":[{"a":"b"},{"a":"${long(count)}"}]}`;
    expect((await jsonReader(Buffer.from(body(1_000_000)))).names).toEqual(['a']);
    expect(JSON.stringify(await refusal(body(1_000_001)))).toContain(
      'Row 2 has a value of 1000001 characters',
    );
  });

  it('may have a million characters in CSV, and not one more', async () => {
    const read = async (count: number) => {
      const reader = await csvReader(Buffer.from(`a,b\n1,2\n1,${long(count)}\n`));
      const rows = [];
      for await (const some of reader.batches()) rows.push(...some);
      return rows.length;
    };
    expect(await read(1_000_000)).toBe(2);
    await expect(read(1_000_001)).rejects.toThrow();
  });
});

describe('Any other body', () => {
  it('may be nested 512 levels deep, and is refused if it is deeper, because it could exhaust the stack', () => {
    const read = (lists: number) =>
      readJson({ bytes: Buffer.from(`{"a":${'['.repeat(lists)}${']'.repeat(lists)}}`), type: '' }, 'JSON');
    expect(Object.keys(read(512))).toEqual(['a']);
    expect(() => read(9000)).toThrow();
  });
});
