import { nexosisReads } from '../../../src/dialects/nexosis/storage/reads.js';
import { perQuery } from '../../../src/scheduler/query.ports.js';
import type { Growing } from '../growth.js';
import type { HttpAnswer } from '../http.js';
import { casesOf, next, times, until, wide, type Given } from './given.js';

const lines = (head: string, n: number, line: (i: number) => string) =>
  `${head}\n${times(n, line).join('\n')}\n`;
const csv = { type: 'text/csv' };

/** Data sets. A data set may have 10,000 columns, so 4n is at most 10,000. */
export function uploadCases(on: Given, size: number): Growing[] {
  const refused = { status: 400 };
  const put = casesOf(on, 'PUT /nexosis/v1/data/{name}', () => `/nexosis/v1/data/d${next()}`, {
    status: 201,
  });
  return [
    put('columns in a row', 2000, (n) => ({ data: [wide(n)] })),
    put('columns of dates', 2000, (n) => ({ data: [wide(n, '2017-01-01')] })),
    put('declared columns', 2000, (n) => ({ data: [wide(n)], columns: wide(n, { role: 'feature' }) })),
    put('declared targets', 2000, (n) => ({ data: [{ a: 1 }], columns: wide(n, { role: 'target' }) }), {
      ...refused,
      says: /Only one column can have the role target/,
    }),
    put('declared with wrong types', 2000, (n) => ({ columns: wide(n, { dataType: 'float' }) }), {
      ...refused,
      says: /'float' is not valid for dataType of c0:.*'float' is not valid for dataType of c1999:/,
    }),
    put('columns beyond the limit', 20_000, (n) => ({ data: [wide(n)] }), {
      ...refused,
      stops: true,
      says: /at most 16384/,
    }),
    put('rows', 1000 * size, (n) => ({ data: times(n, (i) => ({ a: i, b: 'text' })) })),
    put('rows of dates', 1000 * size, (n) => ({
      data: times(n, (i) => ({ a: i, day: `2017-01-01T00:00:${i % 60}Z` })),
    })),
    put('rows of a few keys', 1000 * size, (n) => ({
      data: times(n, (i) => ({ a: i % 7, b: 1 })),
      columns: { a: { role: 'key' } },
    })),
    put('rows of many keys', 1000 * size, (n) => ({
      data: times(n, (i) => ({ a: i, b: 1 })),
      columns: { a: { role: 'key' } },
    })),
    put('one row of a long text', 200_000, (n) => ({ data: [{ a: 'x y '.repeat(n / 4) }] })),
    put(
      'rows of escapes',
      200 * size,
      (n) => `{"data":[${times(n, () => `{"a":"${'\\u00e9'.repeat(50)}"}`).join(',')}]}`,
    ),
    put('members that nobody reads', 3000 * size, (n) => ({ data: [{ a: 1 }], ...wide(n) })),
    put('missing values', 3000 * size, (n) => ({ data: [{ a: 1 }], missingValues: times(n, String) })),
    put('a flaw at its end', 10_000 * size, (n) => `{"data":[${times(n, () => '{"a":1}').join(',\n')}`, {
      ...refused,
      says: /expected .* at line \d+0000|ends too early, after row \d+0000 of data/,
    }),
    put('CSV header', 2000, (n) => lines(times(n, (i) => `c${i}`).join(','), 1, () => '1'), csv),
    put('CSV header of numbers', 2000, (n) => `${times(n, String).join(',')}\n`, csv),
    put('CSV header beyond the limit', 20_000, (n) => `${times(n, (i) => `c${i}`).join(',')}\n1\n`, {
      ...csv,
      ...refused,
      says: /There are \d+0000 columns or more/,
    }),
    put('CSV rows', 3000 * size, (n) => lines('a,b', n, (i) => `${i},text`), csv),
    put('CSV rows in quotes', 3000 * size, (n) => lines('a,b', n, (i) => `${i},"te""xt,"`), csv),
    put(
      'CSV rows that end early',
      200,
      (n) => lines(times(1000, (i) => `c${i}`).join(','), n, () => '1'),
      csv,
    ),
    put('CSV quote without end', 50_000 * size, (n) => `a\n"${'x\n'.repeat(n)}`, {
      ...csv,
      ...refused,
      says: /Quote Not Closed/,
    }),
  ];
}

const jobStates = perQuery((sql) => ({
  async of(session: string): Promise<string> {
    const row = await sql.one<{ state: string }>(
      'SELECT j.state FROM nexosis_sessions s JOIN jobs j ON j.id = s.job WHERE s.id = ?',
      session,
    );
    return row?.state ?? 'unknown';
  },
}));

/** Views, sessions, imports and predictions. The data set `wide` has the columns c0 to c3999 beside day and sales. */
export function nexosisCases(on: Given, size: number): Growing[] {
  const root = '/nexosis/v1';
  const of = (method: string, path: string) => casesOf(on, `${method} ${root}${path}`, () => root + path);
  const views = casesOf(on, `PUT ${root}/views/{name}`, () => `${root}/views/v${next()}`, { status: 201 });
  // A cheap poll: the session itself has all columns of its data set.
  const ended = async ({ body }: HttpAnswer) => {
    const state = await until(
      () => jobStates(on.store.read).of(body.sessionId as string),
      (state) => !['queued', 'running'].includes(state),
    );
    if (state !== 'completed') throw new Error(`It ended ${state}.`);
  };
  const imported = async ({ body }: HttpAnswer) => {
    const look = () => nexosisReads(on.store.read).import(body.importId as string);
    const made = await until(look, (made) => made?.status === 'completed' || made?.status === 'failed');
    if (made?.status !== 'completed') throw new Error(JSON.stringify(made?.messages));
  };
  const predict = casesOf(on, `POST ${root}/models/{id}/predict`, () => `${root}/models/${on.model}/predict`);
  const dates = { dataSourceName: 'wide', startDate: '2017-01-11', endDate: '2017-01-12' };
  const features = (n: number) => wide(n, { role: 'feature' });
  const joined = (columnOptions: object) => [{ dataSet: { name: 'wide' }, columnOptions }];
  const url = of('POST', '/imports/url');
  return [
    views('columns', 1000, (n) => ({ dataSetName: 'wide', columns: features(n) })),
    views('joins', 5, (n) => ({
      dataSetName: 'left',
      joins: times(n, () => ({ dataSet: { name: 'right' } })),
    })),
    views('columns with one alias', 500, (n) => ({
      dataSetName: 'narrow',
      joins: joined(wide(n, { alias: 'c1' })),
    })),
    views('columns with aliases', 500, (n) => ({
      dataSetName: 'narrow',
      joins: joined(Object.fromEntries(times(n, (i) => [`c${i}`, { alias: `a${i}` }]))),
    })),
    of('POST', '/sessions/forecast')('columns', 1000, (n) => ({ ...dates, columns: features(n) }), {
      then: ended,
    }),
    of('POST', '/sessions/impact')(
      'columns',
      1000,
      (n) => ({
        ...dates,
        startDate: '2017-01-05',
        endDate: '2017-01-06',
        columns: features(n),
        eventName: 'sale',
      }),
      {
        then: ended,
      },
    ),
    of('POST', '/sessions/model')(
      'columns',
      1000,
      (n) => ({
        ...{ dataSourceName: 'wide', predictionDomain: 'regression', targetColumn: 'sales' },
        columns: features(n),
      }),
      { then: ended },
    ),
    url('columns', 500, (n) => ({ dataSetName: `d${next()}`, url: on.csv, columns: features(n) }), {
      then: imported,
    }),
    predict('rows', 2000 * size, (n) => ({ data: times(n, (i) => ({ petal: i })) })),
    predict('columns', 2000, (n) => ({ data: [wide(n)] })),
    // Params above 512 KiB take another code path than shorter ones. The limit is 8 MB.
    predict('a long text', 300_000 * Math.min(size, 3), (n) => ({ data: [{ petal: 1, a: 'x '.repeat(n) }] })),
    predict('CSV rows', 2000 * size, (n) => lines('petal', n, String), csv),
  ];
}
