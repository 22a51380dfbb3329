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
  it('belongs to a data set or a view, even if both are created at the same time', async () => {
    const names = Array.from({ length: 8 }, (_, i) => `Both ${i}`);
    const made = await Promise.all(
      names.flatMap((name) => [
        alice.putCsv(`data/${name}`, sales(1200)),
        alice.put(`views/${name.toUpperCase()}`, { dataSetName: 'base' }),
      ]),
    );
    for (const [i, name] of names.entries()) {
      const answers = await Promise.all([alice.get(`views/${name}`), alice.get(`data/${name}`)]);
      expect([name, ...answers.map(({ status }) => status).sort()]).toEqual([name, 200, 404]);
      expect(
        made
          .slice(2 * i, 2 * i + 2)
          .map(({ status }) => status)
          .sort(),
      ).toEqual([201, 400]);
    }
  });
});

describe('the columns of a view', () => {
  it('with an alias precede the column of their original name, and others come last', async () => {
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
      ...['till.Sales', 'sales', 'timeStamp', 'othertransactions', 'transactions', 'wet', 'rain'],
    ];
    expect(Object.keys(body.columns as object)).toEqual(names);
    expect((await alice.csv('views/aliased')).text).toBe(
      `${names.join(',')}\r\n3,5,2017-01-01T00:00:00.0000000Z,2,4,1,1\r\n,6,2017-01-02T00:00:00.0000000Z,,3,,\r\n`,
    );
    const part = await alice.get('views/aliased?include=othertransactions,sales');
    expect(part.body.data[0]).toEqual({ sales: '5', othertransactions: '2' });
  });

  it('with the same name on both sides are those of the left data set, as in the original service', async () => {
    await alice.putCsv('data/TestRuby', 'sales,timeStamp,transactions\n5,2017-01-01,4\n6,2017-01-02,3');
    await alice.putCsv('data/TestRuby_Right', 'sales,timeStamp,transactions\n7,2017-01-01,8');
    const right = { dataSet: { name: 'TestRuby_Right' } };
    const { body } = await alice.put('views/TestRubyView', { dataSetName: 'TestRuby', joins: [right] });
    expect(Object.keys(body.columns as object)).toEqual(['sales', 'timeStamp', 'transactions']);
    const read = await alice.get('views/TestRubyView?pageSize=1');
    expect(read.body.data).toEqual([
      { sales: '5', timeStamp: '2017-01-01T00:00:00.0000000Z', transactions: '4' },
    ]);
    const columnOptions = { transactions: { alias: 'othertransactions' } };
    const aliased = { dataSetName: 'TestRuby', joins: [{ ...right, columnOptions }] };
    const second = await alice.put('views/TestViewAlias', aliased);
    expect(Object.keys(second.body.columns as object)).toEqual([
      ...['sales', 'timeStamp', 'othertransactions', 'transactions'],
    ]);
  });

  it('can be named with their data set in the metadata, as in earlier versions', async () => {
    await alice.putCsv('data/weather', 'day,sales,rain\n2017-01-01,7,8');
    const columns = { 'weather.sales': { role: 'none' } };
    const request = { dataSetName: 'base', joins: [{ dataSet: { name: 'weather' } }], columns };
    const { status, body } = await alice.put('views/named', request);
    expect([status, Object.keys(body.columns as object)]).toEqual([
      201,
      ['day', 'sales', 'weather.sales', 'rain'],
    ]);
  });

  it('have unique names even if a data set is joined repeatedly, and sessions have all of them', async () => {
    await alice.putCsv('data/other', 'day,sales,rain\n2017-01-01,7,8\n2017-01-02,9,');
    const other = { dataSet: { name: 'other' } };
    const joins = [other, other, { ...other, columnOptions: { sales: { alias: 'Rain' } } }];
    const made = await alice.put('views/often', { dataSetName: 'base', joins });
    expect(Object.keys(made.body.columns as object)).toEqual([
      ...['day', 'other.Rain.2', 'sales', 'rain', 'other.rain', 'other.rain.3'],
    ]);
    const { body } = await alice.get('views/often?pageSize=1');
    expect(Object.values(body.data[0] as object).slice(1)).toEqual(['7', '101', '8', '8', '8']);
    const request = { dataSourceName: 'often', startDate: '2017-01-06', endDate: '2017-01-07' };
    const session = await alice.post('sessions/forecast', request);
    const ended = await alice.ended(session.body.sessionId as string);
    expect([ended.body.status, Object.keys(ended.body.columns as object)]).toEqual([
      'completed',
      Object.keys(made.body.columns as object),
    ]);
  });
});

describe('a page of a view', () => {
  it('contains each member once, with the links before the rows', async () => {
    await alice.put('views/paged', { dataSetName: 'base' });
    const { text, body } = await alice.get('views/paged?pageSize=2');
    expect(text.match(/"links":/g)).toHaveLength(1);
    expect(Object.keys(body as object)).toEqual([
      ...['viewName', 'dataSetName', 'isTimeSeries', 'columns', 'joins', 'links'],
      ...['data', 'pageNumber', 'totalPages', 'pageSize', 'totalCount'],
    ]);
    expect(body.links.map(({ rel }: { rel: string }) => rel)).toEqual(['self', 'first', 'next', 'last']);
  });
});

describe('rows of the right data set', () => {
  it('that match one row of the left are combined by the aggregation of each column', async () => {
    const of = (dataType: string, aggregation?: string) => ({ dataType, aggregation });
    const columns = {
      ...{ day: { role: 'timestamp' }, sum: of('numeric'), mean: of('numericMeasure') },
      ...{ least: of('numeric', 'min'), most: of('numeric', 'max'), middle: of('numeric', 'median') },
      ...{ sky: of('string'), odd: of('numeric') },
    };
    const names = ['day', 'sum', 'mean', 'least', 'most', 'middle', 'sky', 'odd'];
    const rows = ['1,1,1,1,1,fog,0.1', '2,2,2,2,2,sun,0.2', ',4,3,3,3,sun,x', '4,5,4,4,4,rain,1'];
    const data = rows.map((row, i) =>
      Object.fromEntries(
        [`${i < 3 ? '2017-01-01' : '2017-01-02'} 0${i}:00`, ...row.split(',')].map((v, j) => [names[j], v]),
      ),
    );
    expect((await alice.put('data/hours', { data, columns })).body.rowCount).toBe(4);
    const columnOptions = { day: { joinInterval: 'day' } };
    await alice.put('views/daily', {
      dataSetName: 'base',
      joins: [{ dataSet: { name: 'hours' }, columnOptions }],
    });
    const { body } = await alice.get('views/daily?pageSize=2&include=sum,mean,least,most,middle,sky,odd');
    expect(body.data.map((row: object) => Object.values(row).join())).toEqual([
      '3,2.33333333333333,1,3,2,sun,0.1',
      '4,5,4,4,4,rain,1',
    ]);
  });
});
