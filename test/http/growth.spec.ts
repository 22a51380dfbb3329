import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { growthOf, table, type Growing, type Growth } from '../support/growth.js';
import { adminToken, givenBackend, TestService, type Answer } from '../support/http.js';

/** `STINT_GROWTH=long` takes inputs eight times as large, and five rounds (`npm run check:long`). */
const isLong = process.env['STINT_GROWTH'] === 'long';
const [factor, rounds] = isLong ? [8, 5] : [1, 2];

/** Quadratic work has 2; what is in step with its input comes out at 0.7 to 1.2, because some of it is the same for all. */
const most = 1.5;

let stint: TestService;
let session: number;
const all: Growth[] = [];

beforeAll(async () => {
  stint = await TestService.start({
    spark_python: join(import.meta.dirname, '../support/fake-driver.mjs'),
    learner_python: join(import.meta.dirname, '../support/fake-learner.mjs'),
    backends: [
      givenBackend({ name: 'b1' }),
      givenBackend({ name: 'spark', driver: 'spark' }),
      givenBackend({ name: 'learner', driver: 'learner' }),
    ],
  });
  await stint.admin.post('/jobs', { program_id: 'scripted', backend: 'b1', params: { duration: 1e6 } });
  const made = await stint.call('POST', '/livy/sessions', { body: { kind: 'pyspark' } });
  session = made.body.id as number;
  for (const name of ['left', 'right']) await call('PUT', `/nexosis/v1/data/${name}`, { data: [wide(1000)] });
});
afterAll(async () => {
  process.stdout.write(`\n${table(all)}\n`);
  await stint.close();
});

let serial = 0;
const next = () => (serial += 1);

function call(method: string, path: string, body: unknown, type = 'application/json'): Promise<Answer> {
  const headers = { 'content-type': type, 'api-key': adminToken };
  return stint.call(method, path, { body, headers });
}

const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
const wide = (n: number, value: unknown = 1) => Object.fromEntries(times(n, (i) => [`c${i}`, value]));
const nested = (n: number) => `${'['.repeat(n)}${']'.repeat(n)}`;
const job = (params: string, more = '') =>
  `{"program_id":"scripted","backend":"b1",${more}"params":${params},"n":${next()}}`;

const posting = (path: string, from: number, make: (n: number) => string | object, method = 'POST') => ({
  from: from * factor,
  send: (n: number) => call(method, path, make(n)),
});
const upload = (from: number, make: (n: number) => string | object, type?: string) => ({
  from: Math.min(from * factor, from > 3000 ? Infinity : 4000),
  send: (n: number) => call('PUT', `/nexosis/v1/data/d${next()}`, make(n), type),
});

const jobs = '/api/v1/jobs';
const lines = (head: string, n: number, line: (i: number) => string) =>
  `${head}\n${times(n, line).join('\n')}\n`;

/** Each endpoint that takes a body, with inputs that are large in each way that it can be. */
const cases: Record<string, Omit<Growing, 'name'>> = {
  'POST /jobs, a long text': posting(jobs, 500_000, (n) => job(`{"t":"${'x'.repeat(n)}"}`)),
  'POST /jobs, many escapes': posting(jobs, 100_000, (n) => job(`{"t":"${'\\n\\u00e9'.repeat(n)}"}`)),
  'POST /jobs, many numbers': posting(jobs, 100_000, (n) => job(`{"t":[${'1.5,'.repeat(n)}1]}`)),
  'POST /jobs, many members in params': posting(jobs, 20_000, (n) => job(JSON.stringify(wide(n)))),
  'POST /jobs, many members beside': posting(jobs, 5000, (n) =>
    job('{}', times(n, (i) => `"m${i}":1,`).join('')),
  ),
  'POST /jobs, many lists in lists': posting(jobs, 200, (n) =>
    job(`{"t":[${times(n, () => nested(100)).join(',')}]}`),
  ),
  'POST /jobs, nested deeper and deeper': posting(jobs, 20_000, (n) => job(`{"t":${nested(n)}}`)),
  'POST /jobs, a number of many digits': posting(jobs, 200_000, (n) => job(`{"t":${'1'.repeat(n)}}`)),
  'POST /jobs, a flaw at its end': posting(jobs, 200_000, (n) => `${job(`{"t":"${'x\\n'.repeat(n)}"}`)},`),
  'POST /jobs, lines with a flaw behind': posting(jobs, 200_000, (n) => `{${'\n'.repeat(n)}?`),
  'POST /jobs, many tags': posting(jobs, 10_000, (n) =>
    job('{}', `"tags":${JSON.stringify(times(n, String))},`),
  ),
  'POST /jobs, a long program': posting(jobs, 200_000, (n) => ({ program_id: 'x'.repeat(n), params: {} })),
  'PUT /jobs/{id}/tags': posting(`${jobs}/x/tags`, 10_000, (n) => ({ tags: times(n, String) }), 'PUT'),
  'POST /sessions, unknown members': posting('/api/v1/sessions', 10_000, (n) => ({
    backend: 'b1',
    ...wide(n),
  })),
  'POST /sessions, a long name': posting('/api/v1/sessions', 200_000, (n) => ({ backend: 'x'.repeat(n) })),
  'PATCH /sessions/{id}': posting('/api/v1/sessions/x', 10_000, (n) => wide(n), 'PATCH'),
  'POST /identity/token': posting('/identity/token', 200_000, (n) => `apikey=${'a%20'.repeat(n / 4)}`),
  'POST /admin/backends, options': posting('/api/v1/admin/backends', 10_000, (n) => ({
    name: `b${next()}`,
    driver: 'scripted',
    options: wide(n),
  })),
  'POST /admin/backends, unknown members': posting('/api/v1/admin/backends', 2000, (n) => ({
    name: 'x',
    driver: 'scripted',
    ...wide(n),
  })),
  'PATCH /admin/backends/{name}': posting(
    '/api/v1/admin/backends/b1',
    2000,
    (n) => ({ limits: wide(n) }),
    'PATCH',
  ),
  'POST /admin/instances, modes': posting('/api/v1/admin/instances', 5000, (n) => ({
    name: `i${next()}`,
    plan: { modes: times(n, () => 'batch') },
  })),
  'POST /admin/tokens': posting('/api/v1/admin/tokens', 200_000, (n) => ({
    user: 'x'.repeat(n),
    instance: 'y',
    role: 'user',
  })),
  'POST /livy/sessions, conf': posting('/livy/sessions', 5000, (n) => ({ kind: 'nope', conf: wide(n) })),
  'POST /livy/sessions, jars': posting('/livy/sessions', 5000, (n) => ({
    kind: 'nope',
    jars: times(n, String),
  })),
  'POST /livy/sessions, unknown members': posting('/livy/sessions', 10_000, (n) => wide(n)),
  'POST /livy/batches, args': posting('/livy/batches', 5000, (n) => ({
    args: times(n, String),
    conf: { 'stint.backend': 'no' },
    file: '/x',
  })),
  'POST /livy/sessions/{id}/statements': {
    from: 300_000 * factor,
    send: (n) =>
      call('POST', `/livy/sessions/${session}/statements`, { code: `1//${next()}${'x\n'.repeat(n)}` }),
  },
  'POST /livy/sessions/{id}/completion': {
    from: 100_000,
    send: (n) => call('POST', `/livy/sessions/${session}/completion`, { code: 'x'.repeat(n), kind: 'cobol' }),
  },
  'PUT /data, columns in a row': upload(2500, (n) => ({ data: [wide(n)] })),
  'PUT /data, columns of dates': upload(2500, (n) => ({ data: [wide(n, '2017-01-01')] })),
  'PUT /data, columns beyond the limit': upload(20_000, (n) => ({ data: [wide(n)] })),
  'PUT /data, declared columns': upload(2500, (n) => ({
    data: [wide(n)],
    columns: wide(n, { role: 'feature' }),
  })),
  'PUT /data, declared targets': upload(2500, (n) => ({
    data: [{ a: 1 }],
    columns: wide(n, { role: 'target' }),
  })),
  'PUT /data, declared with wrong types': upload(2500, (n) => ({ columns: wide(n, { dataType: 'float' }) })),
  'PUT /data, rows': upload(4000, (n) => ({ data: times(n, (i) => ({ a: i, b: 'text' })) })),
  'PUT /data, rows of one column each': upload(1000, (n) => ({ data: times(n, (i) => ({ [`c${i}`]: 1 })) })),
  'PUT /data, one row of a long text': upload(200_000, (n) => ({ data: [{ a: 'x y '.repeat(n) }] })),
  'PUT /data, members that nobody reads': upload(10_000, (n) => ({ data: [], ...wide(n) })),
  'PUT /data, missing values': upload(10_000, (n) => ({ data: [{ a: 1 }], missingValues: times(n, String) })),
  'PUT /data, a flaw at its end': upload(20_000, (n) => `{"data":[${times(n, () => '{"a":1}').join(',\n')}`),
  'PUT /data, CSV header': upload(
    4000,
    (n) => lines(times(n, (i) => `c${i}`).join(','), 1, () => '1'),
    'text/csv',
  ),
  'PUT /data, CSV header beyond the limit': upload(
    40_000,
    (n) => `${times(n, (i) => `c${i}`).join(',')}\n1\n`,
    'text/csv',
  ),
  'PUT /data, CSV header of numbers': upload(4000, (n) => `${times(n, String).join(',')}\n`, 'text/csv'),
  'PUT /data, CSV rows': upload(4000, (n) => lines('a,b', n, (i) => `${i},text`), 'text/csv'),
  'PUT /data, CSV rows that end early': upload(
    1000,
    (n) => lines(times(1000, (i) => `c${i}`).join(','), n, () => '1'),
    'text/csv',
  ),
  'PUT /data, CSV quote without end': upload(200_000, (n) => `a\n"${'x\n'.repeat(n)}`, 'text/csv'),
  'PUT /views, columns': posting(
    '/nexosis/v1/views/v',
    2500,
    (n) => ({ dataSetName: 'left', columns: wide(n, { role: 'feature' }) }),
    'PUT',
  ),
  'PUT /views, joins': posting(
    '/nexosis/v1/views/v',
    2500,
    (n) => ({ dataSetName: 'left', joins: times(n, () => ({ dataSet: { name: 'right' } })) }),
    'PUT',
  ),
  'PUT /views, column options': posting(
    '/nexosis/v1/views/v',
    2500,
    (n) => ({
      dataSetName: 'left',
      joins: [{ dataSet: { name: 'right' }, columnOptions: wide(n, { alias: 'c1' }) }],
    }),
    'PUT',
  ),
  'POST /sessions/forecast, columns': posting('/nexosis/v1/sessions/forecast', 2500, (n) => ({
    dataSourceName: 'left',
    startDate: '2017-01-01',
    endDate: '2017-01-02',
    columns: wide(n, { role: 'feature' }),
  })),
  'POST /sessions/impact, a long event': posting('/nexosis/v1/sessions/impact', 100_000, (n) => ({
    dataSourceName: 'left',
    startDate: '2017-01-01',
    endDate: '2017-01-02',
    eventName: 'x'.repeat(n),
  })),
  'POST /sessions/model, columns': posting('/nexosis/v1/sessions/model', 2500, (n) => ({
    dataSourceName: 'left',
    predictionDomain: 'regression',
    targetColumn: 'c1',
    columns: wide(n, { role: 'feature' }),
  })),
  'POST /imports/url, a long address': posting('/nexosis/v1/imports/url', 100_000, (n) => ({
    dataSetName: 'x',
    url: `http://x/${'a/'.repeat(n)}`,
  })),
  'POST /models/{id}/predict, rows': posting(
    '/nexosis/v1/models/00000000-0000-0000-0000-000000000000/predict',
    10_000,
    (n) => ({ data: times(n, () => ({ a: 1 })) }),
  ),
};

describe('the work for a request grows no faster than its input:', () => {
  it.each(Object.keys(cases))('%s', async (name) => {
    const growth = await growthOf({ name, ...(cases[name] as Omit<Growing, 'name'>) }, rounds);
    all.push(growth);
    expect(Math.max(...growth.statuses)).toBeLessThan(500);
    expect(growth.exponent).toBeLessThan(most);
  });
});
