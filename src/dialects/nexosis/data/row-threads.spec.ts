import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { csvReader } from './csv.js';
import { NexosisError } from '../wire/errors.js';
import { jsonReader } from './json-rows.js';
import { RowThreads } from './row-threads.js';
import type { RowReader } from './rows.js';

const threads = new RowThreads();
const inline = { csv: csvReader, json: jsonReader };
beforeAll(() => {
  threads.from = 0;
});
afterAll(() => threads.onApplicationShutdown());

async function all(reader: RowReader): Promise<(string | null)[][]> {
  const rows = [];
  for await (const some of reader.batches()) rows.push(...some);
  return rows;
}

/** Returns everything that a reader has, with its rows read twice. */
async function contentsOf(reader: RowReader): Promise<object> {
  const { names, bytes } = reader;
  const { columns, missingValues, ignored } = reader as Partial<Awaited<ReturnType<typeof jsonReader>>>;
  const members = { columns: Object.entries(columns ?? {}), missingValues, ignored };
  return { names, bytes, ...members, rows: [await all(reader), await all(reader)] };
}
const refusal = (error: unknown): object => {
  if (!(error instanceof NexosisError)) throw error;
  const { status, type, message, details } = error;
  return { status, type, message, details };
};

const rows = Array.from({ length: 30_000 }, (_, i) => `{"a":${i},"b":${i % 3 === 0 ? 'null' : '"é"'}}`);
const bodies: [name: string, type: 'csv' | 'json', body: string][] = [
  ['rows', 'json', `{"data":[${rows.join(',')}]}`],
  [
    'all members',
    'json',
    '{"data":[{"a":"\\ud800"},{"__proto__":1}],"columns":{"__proto__":{"role":"none"},"a":{}},"missingValues":["x"],"datas":1}',
  ],
  ['nothing', 'json', '{}'],
  ['a flaw', 'json', `{"data":[${rows.join(',')}`],
  ['a list', 'json', '[]'],
  ['a row that is a number', 'json', '{"data":[{"a":1},2]}'],
  [
    'too many columns',
    'json',
    `{"data":[{${Array.from({ length: 17_000 }, (_, i) => `"c${i}":1`).join(',')}}]}`,
  ],
  ['rows', 'csv', `a,b\n${rows.map((_, i) => `${i},"x ""y"""`).join('\n')}`],
  ['nothing', 'csv', ''],
  ['an open quote', 'csv', 'a\n"x'],
  ['a long row at the end', 'csv', `a,b\n${'1,2\n'.repeat(50_000)}1,2,3\n`],
];

describe('a body that is read in a thread', () => {
  it.each(bodies)('with %s (%s) has the same rows and the same refusals', async (_, type, body) => {
    const here = await inline[type](Buffer.from(body)).then(contentsOf).catch(refusal);
    // The thread takes ownership of the buffer, so it must not be part of a pool, like the body of a request.
    const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(body));
    bytes.write(body);
    const there = await threads[type](bytes, contentsOf).catch(refusal);
    expect(there).toEqual(here);
  });

  it('can be read again after a reading was stopped', async () => {
    const bytes = Buffer.allocUnsafeSlow(1_000_000).fill('a,b\n');
    await threads.csv(bytes, async (reader) => {
      for await (const some of reader.batches()) {
        expect(some.length).toBeGreaterThan(0);
        break;
      }
      expect(await all(reader)).toHaveLength(249_999);
    });
  });

  it('waits while two others are read', async () => {
    const bytes = () => Buffer.from(new Uint8Array(Buffer.from('a\n1\n')));
    let [open, most] = [0, 0];
    const read = () =>
      threads.csv(bytes(), async (reader) => {
        most = Math.max(most, (open += 1));
        const found = await all(reader);
        open -= 1;
        return found;
      });
    expect(await Promise.all([1, 2, 3, 4, 5].map(read))).toEqual(Array(5).fill([['1']]));
    expect(most).toBeLessThanOrEqual(2);
  });

  it('is refused as a bad request if it takes more memory than a thread may have', async () => {
    const small = Object.assign(new RowThreads(), { from: 0, memory: 24 });
    const many = Buffer.from(
      new Uint8Array(Buffer.from(`{"missingValues":[${'"abcdefgh",'.repeat(2_000_000)}"a"]}`)),
    );
    const refused = await small.json(many, contentsOf).catch(refusal);
    expect(refused).toMatchObject({ status: 400, type: 'RequestValidation' });
    expect(JSON.stringify(refused)).toContain('more memory to read');
  });
});
