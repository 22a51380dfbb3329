import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { givenNexosis, sales, type Account } from '../support/nexosis.js';
import type { TestService } from '../support/http.js';

let service: TestService;
let alice: Account;

beforeAll(async () => {
  ({ service, ...alice } = await givenNexosis());
  expect((await alice.putCsv('data/base', sales(5))).status).toBe(201);
});
afterAll(() => service.close());

describe('a name', () => {
  it('is that of a data set or of a view, also when both are made at once', async () => {
    const names = Array.from({ length: 8 }, (_, i) => `Both ${i}`);
    const made = await Promise.all(
      names.flatMap((name) => [
        alice.putCsv(`data/${name}`, sales(1200)),
        alice.put(`views/${name.toUpperCase()}`, { dataSetName: 'base' }),
      ]),
    );
    for (const [i, name] of names.entries()) {
      const found = await Promise.all([alice.get(`views/${name}`), alice.get(`data/${name}`)]);
      expect([name, ...found.map(({ status }) => status).sort()]).toEqual([name, 200, 404]);
      expect(
        made
          .slice(2 * i, 2 * i + 2)
          .map(({ status }) => status)
          .sort(),
      ).toEqual([201, 400]);
    }
  });
});

describe('columns of a view', () => {
  it('with an alias come before the one that has their own name, others at the end', async () => {
    await alice.putCsv('data/shop', 'sales,timeStamp,transactions\n5,2017-01-01,4\n6,2017-01-02,3');
    await alice.putCsv('data/till', 'timeStamp,rain,transactions,sales\n2017-01-01,1,2,3');
    const alias = (name: string) => ({ alias: name });
    const columnOptions = {
      Transactions: alias('othertransactions'),
      rain: alias('wet'),
      sales: alias('Sales'),
    };
    const joins = [{ dataSet: { name: 'till' }, columnOptions }, { dataSet: { name: 'till' } }];
    const { body } = await alice.put('views/aliased', { dataSetName: 'shop', joins });
    const names = [
      ...['till.Sales', 'sales', 'timeStamp', 'othertransactions', 'transactions', 'wet'],
      ...['rain', 'till.transactions', 'till.sales.2'],
    ];
    expect(Object.keys(body.columns as object)).toEqual(names);
    expect((await alice.csv('views/aliased')).text).toBe(
      `${names.join(',')}\r\n3,5,2017-01-01T00:00:00.0000000Z,2,4,1,1,2,3\r\n,6,2017-01-02T00:00:00.0000000Z,,3,,,,\r\n`,
    );
    const part = await alice.get('views/aliased?include=othertransactions,sales');
    expect(part.body.data[0]).toEqual({ sales: '5', othertransactions: '2' });
  });

  it('have a name each, however often one is joined, and sessions know all of them', async () => {
    await alice.putCsv('data/other', 'day,sales,rain\n2017-01-01,7,8\n2017-01-02,9,');
    const other = { dataSet: { name: 'other' } };
    const joins = [other, other, { ...other, columnOptions: { sales: { alias: 'Rain' } } }];
    const made = await alice.put('views/often', { dataSetName: 'base', joins });
    expect(Object.keys(made.body.columns as object)).toEqual([
      ...['day', 'other.Rain.2', 'sales', 'other.sales', 'rain', 'other.sales.2', 'other.rain'],
      'other.rain.3',
    ]);
    const { body } = await alice.get('views/often?pageSize=1');
    expect(Object.values(body.data[0] as object).slice(1)).toEqual(['7', '101', '7', '8', '7', '8', '8']);
    const asked = { dataSourceName: 'often', startDate: '2017-01-06', endDate: '2017-01-07' };
    const session = await alice.post('sessions/forecast', asked);
    const ended = await alice.ended(session.body.sessionId as string);
    expect([ended.body.status, Object.keys(ended.body.columns as object)]).toEqual([
      'completed',
      Object.keys(made.body.columns as object),
    ]);
  });
});
