import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dayOf, givenNexosis, type Account } from '../support/nexosis.js';
import type { TestService } from '../support/http.js';
import { eventually } from '../support/eventually.js';

let service: TestService;
let alice: Account;

beforeAll(async () => {
  ({ service, ...alice } = await givenNexosis({ import_hosts: ['127.0.0.1'] }));
});
afterAll(() => service.close());

type Cells = Record<string, string>;

const allRows = async (name: string): Promise<Cells[]> =>
  (await alice.get(`data/${name}?pageSize=1000`)).body.data as Cells[];
const sorted = (rows: readonly Cells[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

/** Five shops and 28 days, so each day occurs five times and each shop 28 times. */
const shops: Cells[] = Array.from({ length: 140 }, (_, i) => ({
  day: dayOf(1 + (i % 28)),
  shop: `shop ${Math.floor(i / 28)}`,
  sales: String(100 + i),
}));
const asCsv = (rows: readonly Cells[]): string =>
  [Object.keys(rows[0] ?? {}).join(','), ...rows.map((row) => Object.values(row).join(','))].join('\n');

describe('an upload of columns alone', () => {
  it.each([
    ['timestamp', 'day'],
    ['key', 'shop'],
  ])('can make a column with repeated values the %s, and keeps all rows', async (role, column) => {
    const name = `repeated-${role}`;
    await alice.putCsv(`data/${name}`, asCsv(shops));
    const changed = await alice.put(`data/${name}`, { columns: { [column]: { role } } });
    expect([changed.status, changed.body.rowCount, changed.body.columns[column].role]).toEqual([
      201,
      140,
      role,
    ]);
    expect(sorted(await allRows(name))).toEqual(sorted(shops));
    expect(changed.body.messages).toEqual([
      {
        severity: 'informational',
        message: expect.stringMatching(/^(112|135) rows repeat a value of the column (day|shop)/),
      },
    ]);
    const back = await alice.put(`data/${name}`, { columns: { [column]: { role: 'feature' } } });
    expect([back.body.rowCount, back.body.dataSetSize, back.body.messages]).toEqual([
      140,
      changed.body.dataSetSize,
      [],
    ]);
    // Rows stay in the order of upload.
    expect(await allRows(name)).toEqual(shops);
  });

  it('never changes the number of rows or their values', async () => {
    const next = random(11);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
    const names = ['day', 'other', 'shop', 'sales', 'extra'];
    const rows: Cells[] = Array.from({ length: 60 }, (_, i) => ({
      day: pick(['', 'soon', dayOf(1 + (i % 7)), '01/02/2017 0:00']),
      other: dayOf(1 + Math.floor(next() * 20)),
      shop: pick(['', 'a', 'b', 'c']),
      sales: pick(['', 'many', '1', '2.50']),
      extra: String(i),
    }));
    await alice.put('data/any', { data: rows, columns: { day: { role: 'feature' } } });
    const before = (await alice.get('data/any?pageSize=1000')).body;
    let accepted = 0;
    for (let i = 0; i < 60; i += 1) {
      const columns = Object.fromEntries(
        Array.from({ length: 1 + Math.floor(next() * 2) }, () => [
          pick(names),
          {
            role: pick(['none', 'timestamp', 'target', 'feature', 'key', 'timestamp', 'key']),
            ...(next() < 0.3 && { dataType: pick(['numeric', 'string', 'date', 'logical', 'text']) }),
            ...(next() < 0.3 && { imputation: 'mode', aggregation: 'max' }),
          },
        ]),
      );
      const answer = await alice.put('data/any', { columns });
      expect([201, 400]).toContain(answer.status);
      accepted += Number(answer.status === 201);
      const { body } = await alice.get('data/any?pageSize=1000');
      expect({ columns, count: body.rowCount, size: body.dataSetSize }).toEqual({
        columns,
        count: 60,
        size: before.dataSetSize,
      });
      expect(sorted(body.data as Cells[])).toEqual(sorted(rows));
    }
    expect(accepted).toBeGreaterThan(20);
  }, 60_000);
});

describe('rows with the same timestamp', () => {
  const keptMessage = {
    severity: 'informational',
    message:
      "112 rows repeat a value of the column day; all rows are kept. A session puts together the rows of one interval by each column's aggregation.",
  };

  it.each([
    ['CSV', () => alice.putCsv('data/csv?timestampColumn=day', asCsv(shops)), 'csv'],
    ['JSON', () => alice.put('data/json', { data: shops, columns: { day: { role: 'timestamp' } } }), 'json'],
  ])('are all stored by one upload of %s, and a repeated upload replaces them', async (_, send, name) => {
    expect((await send()).body.rowCount).toBe(140);
    const again = await send();
    expect([again.body.rowCount, again.body.messages]).toEqual([140, [keptMessage]]);
    expect(sorted(await allRows(name))).toEqual(sorted(shops));
    // A row replaces all rows with the same timestamp (contract), here five.
    const later = await alice.put(`data/${name}`, { data: [{ day: dayOf(3), sales: 7 }] });
    expect([later.body.rowCount, later.body.messages[0].message]).toEqual([
      136,
      expect.stringContaining('4 rows more are gone'),
    ]);
    const third = await alice.get(`data/${name}?startDate=${dayOf(3)}&endDate=${dayOf(3)}`);
    expect(third.body.data).toEqual([{ day: dayOf(3), shop: 'shop 4', sales: '7' }]);
    const days = `data/${name}?startDate=${dayOf(1)}&endDate=${dayOf(4)}`;
    expect((await alice.delete(days)).status).toBe(204);
    expect([(await allRows(name)).length, (await alice.get(`data/${name}`)).body.rowCount]).toEqual([
      120, 120,
    ]);
  });

  it('all reach a session, which aggregates them', async () => {
    await alice.putCsv('data/together', asCsv(shops));
    const request = { dataSourceName: 'together', startDate: dayOf(29), endDate: dayOf(30) };
    const refused = await alice.post('sessions/forecast', { ...request, targetColumn: 'sales' });
    expect(refused.body.errorDetails.timestamp[0]).toContain(
      'give one of its date columns (day) the role timestamp: all rows stay',
    );
    await alice.put('data/together', { columns: { day: { role: 'timestamp' }, sales: { role: 'target' } } });
    const { body } = await alice.post('sessions/forecast', request);
    const ended = await alice.ended(body.sessionId as string);
    expect(ended.body.messages).toContainEqual({
      severity: 'informational',
      message: '140 observations were found.',
    });
  });

  it('are all stored by an import too', async () => {
    const server: Server = createServer((_, answer) => answer.end(asCsv(shops))).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/shops.csv`;
      const columns = { day: { role: 'timestamp' } };
      const { body } = await alice.post('imports/url', { dataSetName: 'fetched', url, columns });
      await eventually('the import', async () => {
        const now = await alice.get(`imports/${body.importId as string}`);
        return now.body.status === 'completed';
      });
      expect(sorted(await allRows('fetched'))).toEqual(sorted(shops));
    } finally {
      server.close();
    }
  });
});

describe('the imputation of a column', () => {
  const csv = `day,sales,promo,bit,word,do\n${dayOf(1)},1,TRUE,1,a,tell\n${dayOf(2)},2,,,b,\n`;
  const filled = async (name: string, columns?: unknown): Promise<string> => {
    const request = { dataSourceName: name, targetColumn: 'sales', startDate: dayOf(3), endDate: dayOf(3) };
    const { body } = await alice.post('sessions/forecast', {
      ...request,
      ...(columns !== undefined && { columns }),
    });
    const ended = await alice.ended(body.sessionId as string);
    expect(Object.keys(ended.body.columns.promo as object)).toEqual([
      ...['dataType', 'role', 'imputation', 'aggregation'],
    ]);
    return ended.body.messages.at(-1).message as string;
  };

  it('is by default zeroes for a logical column, so an empty cell counts as FALSE', async () => {
    const { body } = await alice.putCsv('data/filled', csv);
    expect(body.columns.promo).toEqual({
      ...{ dataType: 'logical', role: 'feature', imputation: 'mode', aggregation: 'mode' },
    });
    expect(await filled('filled')).toContain('promo: zeroes, bit: presence, word: presence');
  });

  it('can be set for one session or for the data set', async () => {
    await alice.putCsv('data/set', csv);
    const columns = { promo: { imputation: 'mode' }, bit: { imputation: 'mode' } };
    expect(await filled('set', columns)).toContain('promo: mode, bit: mode, word: presence');
    expect(await filled('set')).toContain('promo: zeroes, bit: presence, word: presence');
    await alice.put('data/set', { columns: { promo: { imputation: 'mode' } } });
    await alice.put('data/set', { columns: { promo: { role: 'feature' } } });
    expect(await filled('set')).toContain('promo: mode, bit: presence, word: presence');
    // With another type, that type's default applies again.
    await alice.put('data/set', { columns: { promo: { dataType: 'string' } } });
    await alice.put('data/set', { columns: { promo: { dataType: 'logical' } } });
    expect(await filled('set')).toContain('promo: zeroes');
  });
});

describe('rows with the same key', () => {
  const keyed = (rows: readonly Cells[]) => ({ data: rows, columns: { id: { role: 'key' } } });

  it('are one row, and an upload that repeats a key gets a warning', async () => {
    const rows = [
      { id: 'x', a: '1' },
      { id: 'y', a: '2' },
      { id: 'x', b: '3' },
    ] as unknown as Cells[];
    const { body } = await alice.put('data/ids', keyed(rows));
    expect([body.rowCount, body.messages]).toEqual([
      2,
      [{ severity: 'warning', message: expect.stringContaining('1 row has a value of the key column id') }],
    ]);
    expect((await allRows('ids'))[0]).toEqual({ id: 'x', a: '1', b: '3' });
    const again = await alice.put('data/ids', { data: [{ id: 'x', a: '5' }] });
    expect([again.body.rowCount, again.body.messages]).toEqual([2, []]);
  });

  it('that are older than the key column are all replaced by the next row with that key', async () => {
    await alice.putCsv('data/late', 'id,a\nx,1\nx,2\ny,3\nx\u0001,4\nxx,5');
    await alice.put('data/late', { columns: { id: { role: 'key' } } });
    expect(await allRows('late')).toHaveLength(5);
    const { body } = await alice.put('data/late', { data: [{ id: 'x', a: '9' }] });
    expect([body.rowCount, body.messages[0].message]).toEqual([
      4,
      expect.stringContaining('1 row more is gone'),
    ]);
    expect(await allRows('late')).toEqual([
      { id: 'x', a: '9' },
      { id: 'y', a: '3' },
      { id: 'x\u0001', a: '4' },
      { id: 'xx', a: '5' },
    ]);
  });
});

/** Random numbers from 0 to 1, the same for the same seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state / 2 ** 31;
  };
}
