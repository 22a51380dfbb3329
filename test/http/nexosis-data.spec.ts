import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { dayOf, flowers, givenAccount, givenNexosis, sales, type Account } from '../support/nexosis.js';
import { bearer, type TestService } from '../support/http.js';
import { eventually } from '../support/eventually.js';

let service: TestService;
let alice: Account;

beforeAll(async () => {
  ({ service, ...alice } = await givenNexosis({ body_limit: 2_000_000, import_hosts: ['127.0.0.1'] }));
});
afterAll(() => service.close());

describe('data sets', () => {
  it('show their size, counted as CSV without a header', async () => {
    const { body } = await alice.putCsv('data/two', 'day,v\n1-1-2017,223.33\n1-2-2017,223.34\n');
    expect(body.dataSetSize).toBe(32);
    const { body: read } = await alice.get('data/two');
    expect(read.data[0]).toEqual({ day: '1-1-2017', v: '223.33' });
    expect(read.links[0].rel).toBe('self');
    expect(read.links.length).toBeGreaterThan(5);
  });

  it('are read by date range and columns, as JSON or CSV', async () => {
    await alice.putCsv('data/I have spaces', sales(60));
    const june = await alice.get(
      'data/i%20HAVE%20spaces?startDate=2017-02-01&endDate=2017-02-28&include=DAY',
    );
    expect([june.body.totalCount, june.body.data[0]]).toEqual([28, { day: '2017-02-01' }]);
    expect(june.body.dataSetName).toBe('I have spaces');
    const csv = await alice.csv('data/I%20have%20spaces?pageSize=1');
    expect(csv.text).toBe('day,sales\r\n2017-01-01T00:00:00.0000000Z,101\r\n');
    const page = await alice.get('data/I%20have%20spaces?page=1&pageSize=50');
    expect([page.body.data.length, page.body.totalPages]).toEqual([10, 2]);
    expect(page.body.links.map(({ rel }: { rel: string }) => rel).slice(0, 4)).toEqual([
      'self',
      'first',
      'prev',
      'last',
    ]);
    expect((await alice.get('data/I%20have%20spaces?include=nothing')).status).toBe(400);
  });

  it('without key and timestamp grow with every upload, and with a key they update rows', async () => {
    await alice.putCsv('data/plain', 'a,b\nx,1\ny,2');
    await alice.putCsv('data/plain', 'a,b\nx,1\ny,2');
    expect((await alice.get('data/plain')).body.rowCount).toBe(4);
    const keyed = { columns: { id: { role: 'key' } }, data: [{ id: 'x', a: 1, b: 2 }] };
    await alice.put('data/keyed', keyed);
    await alice.put('data/keyed', {
      data: [
        { ID: 'x', b: 3 },
        { id: 'y', c: 4 },
      ],
    });
    const { body } = await alice.get('data/keyed');
    // An upsert keeps the values that it does not mention.
    expect(body.data).toEqual([
      { id: 'x', a: '1', b: '3', c: '' },
      { id: 'y', a: '', b: '', c: '4' },
    ]);
    const changed = await alice.put('data/keyed', { columns: { id: { dataType: 'numeric' } } });
    expect([changed.status, changed.body.errorType]).toEqual([400, 'InvalidColumnMetadata']);
  });

  it('are sorted again when another column becomes the timestamp', async () => {
    const rows = ['2017-01-02,2018-01-01,1', '2017-01-01,2018-01-02,2'].join('\n');
    await alice.putCsv('data/times?timestampColumn=A', `a,b,v\n${rows}`);
    expect((await alice.get('data/times')).body.data[0].v).toBe('2');
    await alice.put('data/times', { columns: { b: { role: 'timestamp' } } });
    const { body } = await alice.get('data/times');
    expect([body.data[0].v, body.rowCount, body.columns.a.role]).toEqual(['1', 2, 'feature']);
  });

  it('can be deleted by date range, or completely with everything built on them', async () => {
    await alice.putCsv('data/shop', sales(60));
    const days = (n: number) => `data/shop?startDate=${dayOf(1)}&endDate=${dayOf(n)}`;
    expect((await alice.delete(days(10))).status).toBe(204);
    expect((await alice.get('data/shop')).body.rowCount).toBe(50);
    const { body } = await alice.post(
      `sessions/forecast?dataSetName=shop&startDate=${dayOf(61)}&endDate=${dayOf(62)}`,
    );
    await alice.ended(body.sessionId as string);
    expect(
      (await alice.delete('data/shop?cascade=sessions,view&cascade=forecast&cascade=model')).status,
    ).toBe(204);
    expect((await alice.get('data/shop')).body).toMatchObject({
      statusCode: 404,
      errorDetails: { itemType: 'dataSet' },
    });
    expect((await alice.get(`sessions/${body.sessionId as string}`)).status).toBe(404);
    await alice.putCsv('data/shop', sales(3));
    expect((await alice.get('data/shop')).body.rowCount).toBe(3);
  });

  it.each(['startDate=2017-01-01', `endDate=${dayOf(400)}`, `startDate=2017-01-01&endDate=${dayOf(400)}`])(
    'exclude rows without a readable time from the range %s',
    async (range) => {
      const rows = ['2017-01-01', '', 'soon', '2017-01-02'].map((t, v) => ({ t, v }));
      await alice.put('data/undated', { columns: { t: { role: 'timestamp' } }, data: rows });
      const inRange = await alice.get(`data/undated?${range}`);
      expect(inRange.body).toMatchObject({ totalCount: 2, data: [{ v: '0' }, { v: '3' }] });
      expect((await alice.delete(`data/undated?${range}`)).status).toBe(204);
      const { body } = await alice.get('data/undated');
      expect(body).toMatchObject({ rowCount: 2, totalCount: 2, data: [{ t: '' }, { t: 'soon' }] });
      expect((await alice.delete('data/undated')).status).toBe(204);
    },
  );

  it('are listed by a part of their name, only in their own instance', async () => {
    const bob = await givenAccount(service, 'bob', 'lab-b');
    expect((await alice.get('data?partialName=HAVE')).body.items).toHaveLength(1);
    const { body } = await bob.get('data?page=0&pageSize=1');
    expect(body).toMatchObject({ items: [], totalCount: 0, totalPages: 0, links: [{ rel: 'self' }] });
    expect((await bob.get('data/shop')).status).toBe(404);
    const first = await alice.get('data?sortBy=rowCount&sortOrder=DESC&pageSize=1');
    expect(first.body.items[0].dataSetName).toBe('I have spaces');
  });

  it('show statistics of their columns', async () => {
    await alice.put('data/measured', {
      missingValues: ['N/A'],
      data: [1, 2, 3, 4].map((v) => ({ v, w: 'x' })).concat([{ v: 'N/A' as never, w: '' }]),
    });
    const { body } = await alice.get('data/measured/Stats/V');
    expect(body.columns.v).toMatchObject({
      ...{ totalCount: 5, missingCount: 1, errorCount: 0, mean: 2.5, median: 2, min: 1, max: 4 },
      variance: expect.closeTo(5 / 3),
    });
    expect(Object.keys((await alice.get('data/measured/stats')).body.columns as object)).toEqual(['v', 'w']);
    expect((await alice.get('metrics')).body.metrics.length).toBeGreaterThan(10);
    expect((await alice.get('vocabulary')).body.items).toEqual([]);
  });

  it('can have sixty thousand rows, which are read page by page', async () => {
    const lines = Array.from({ length: 60_000 }, (_, i) => `${i},${i % 7}`);
    const { status, body } = await alice.putCsv('data/large', `n,v\n${lines.join('\n')}`);
    expect([status, body.rowCount]).toEqual([201, 60_000]);
    expect((await alice.get('data/large?page=59&pageSize=1000')).body.data[999]).toEqual({
      n: '59999',
      v: String(59999 % 7),
    });
    expect((await alice.delete('data/large')).status).toBe(204);
  }, 60_000);
});

describe('unusual data and its sessions:', () => {
  it.each([
    ['an empty file', '', 400, 'NoData'],
    ['a header alone', 'a,b\n', 400, 'NoData'],
    ['a row that is too long', 'a,b\n1,2,3', 400, 'RequestValidation'],
    ['an open quote', 'a,b\n"1,2', 400, 'RequestValidation'],
    ['2 MB and a byte', 'x'.repeat(2_000_001), 413, 'PayloadTooLarge'],
  ])('%s is refused and stores nothing', async (_, text, status, errorType) => {
    const answer = await alice.putCsv('data/bad', text);
    expect([answer.status, answer.body.errorType, answer.body.statusCode]).toEqual([
      status,
      errorType,
      status,
    ]);
    expect((await alice.get('data/bad')).status).toBe(404);
  });

  it.each([
    ['invalid JSON', '{"data": [', 'RequestValidation'],
    ['neither data nor columns', '{}', 'NoData'],
    ['an empty text', '""', 'NoData'],
    ['a list', '[]', 'RequestValidation'],
    ['rows that are not objects', '{"data":[[1]]}', 'RequestValidation'],
    ['rows that are not a list', '{"data":{"x":{"a":1}}}', 'RequestValidation'],
    [
      'columns that are a list',
      '{"data":[{"a":1}],"columns":[{"a":{"role":"target"}}]}',
      'RequestValidation',
    ],
  ])('%s is refused', async (_, body, errorType) => {
    const answer = await alice.put('data/bad', body);
    expect([answer.status, answer.body.errorType]).toEqual([400, errorType]);
  });

  it('ten thousand columns are stored and read', async () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `c${i}`);
    const row = names.map((_, i) => i).join(',');
    const { status, body } = await alice.putCsv('data/wide', `${names.join(',')}\n${row}\n${row}`);
    expect([status, body.columnCount, body.rowCount]).toEqual([201, 10_000, 2]);
    expect((await alice.get('data/wide')).body.data[1].c9999).toBe('9999');
  });

  it('dates in three forms make one time series, sorted by time', async () => {
    const rows = '01/03/2017 0:00,3\n2017-01-02,2\nSun Jan 01 2017 00:00:00 GMT+0000 (UTC),1';
    const { body } = await alice.putCsv('data/mixed', `day,v\n${rows}`);
    expect([body.isTimeSeries, body.columns.v.role]).toEqual([true, 'target']);
    const { body: read } = await alice.get('data/mixed?formatDates=true');
    expect(read.data.map(({ v }: { v: string }) => v)).toEqual(['1', '2', '3']);
    expect(read.data[0].day).toBe('2017-01-01T00:00:00.0000000Z');
  });

  it('repeated times make no time series, and a forecast is refused with the reason', async () => {
    await alice.putCsv('data/repeated', 'day,v\n2017-01-01,1\n2017-01-01,2');
    const { body } = await alice.post(
      'sessions/forecast?dataSetName=repeated&targetColumn=v&startDate=2017-01-03&endDate=2017-01-04',
    );
    expect(body).toMatchObject({ statusCode: 400, errorType: 'InvalidColumnMetadata' });
    expect(body.message).toContain('give one of its date columns (day) the role timestamp');
  });

  it('a text in a numeric column fails the session, with the reason', async () => {
    await alice.putCsv('data/wrong', 'day,sales,do\n2017-01-01,1,fail\n2017-01-02,2,x');
    const { body } = await alice.post(
      'sessions/forecast?dataSetName=wrong&targetColumn=sales&startDate=2017-01-03&endDate=2017-01-04',
    );
    const ended = await alice.ended(body.sessionId as string);
    expect(ended.body).toMatchObject({
      status: 'failed',
      messages: [
        { severity: 'error', message: 'The column sales has the text "many" in row 3, but it is numeric.' },
      ],
    });
    const results = await alice.get(`sessions/${body.sessionId as string}/results`);
    expect(results.body).toMatchObject({ status: 'failed', metrics: {}, data: [], totalCount: 0 });
    expect((await alice.get(`sessions/${body.sessionId as string}/contest`)).status).toBe(404);
  });

  it.each([
    ['die', 'failed'],
    ['rubbish', 'failed'],
  ])(
    'the learner failure "%s" makes the session %s, and the next session completes',
    async (what, status) => {
      await alice.putCsv(`data/${what}`, `day,sales,do\n2017-01-01,1,${what}\n2017-01-02,2,x`);
      const { body } = await alice.post(
        `sessions/forecast?dataSetName=${what}&targetColumn=sales&startDate=2017-01-03&endDate=2017-01-04`,
      );
      const ended = await alice.ended(body.sessionId as string);
      expect([ended.body.status, ended.body.messages.at(-1).severity]).toEqual([status, 'error']);
      expect(ended.text).not.toContain('at file:');
      await alice.putCsv('data/good', sales(30));
      const next = await alice.post(
        `sessions/forecast?dataSetName=good&startDate=${dayOf(31)}&endDate=${dayOf(32)}`,
      );
      expect((await alice.ended(next.body.sessionId as string)).body.status).toBe('completed');
    },
  );

  it('deleting a running session cancels its job', async () => {
    await alice.putCsv('data/hang', 'day,sales,do\n2017-01-01,1,hang\n2017-01-02,2,x');
    const { body } = await alice.post(
      'sessions/forecast?dataSetName=hang&targetColumn=sales&startDate=2017-01-03&endDate=2017-01-04',
    );
    const id = body.sessionId as string;
    await eventually('its start', async () => (await alice.get(`sessions/${id}`)).body.status === 'started');
    expect((await alice.delete(`sessions/${id}`)).status).toBe(204);
    expect((await alice.get(`sessions/${id}`)).status).toBe(404);
    // The job of the session ends too.
    const job = await eventually('the end of its job', async () => {
      const { body: jobs } = await service.call('GET', `/api/v1/jobs?session_id=${id}`, {
        headers: bearer(alice.key),
        token: null,
      });
      return (jobs.jobs as { state: { status: string } }[]).find(({ state }) => state.status === 'Cancelled');
    });
    expect(job.state.status).toBe('Cancelled');
  });

  it('a prediction request with an unusable row is refused, with the row number', async () => {
    await alice.putCsv('data/flowers', flowers(20));
    const { body } = await alice.post('sessions/model', {
      dataSourceName: 'flowers',
      predictionDomain: 'Classification',
      targetColumn: 'species',
    });
    const { modelId } = (await alice.ended(body.sessionId as string)).body as { modelId: string };
    const predict = (data: unknown) => alice.post(`models/${modelId}/predict`, { data });
    expect((await predict([])).body.errorType).toBe('NoData');
    expect((await predict('x')).body.errorType).toBe('RequestValidation');
    expect((await predict([{ petal: { deep: 1 } }])).body.errorDetails.data[0]).toContain('Row 1');
    expect((await predict([{ do: 'fail' }])).body).toMatchObject({
      statusCode: 400,
      errorDetails: { data: ['Row 1: do cannot be fail.'] },
    });
  });

  it('a prediction returns its rows as they were sent, and rejects invalid UTF-8', async () => {
    const { modelId } = (await alice.get('models?dataSourceName=flowers')).body.items[0] as {
      modelId: string;
    };
    const half = await alice.post(`models/${modelId}/predict`, String.raw`{"data":[{"x":"\ud800"}]}`);
    expect([half.status, half.body.data]).toEqual([200, [{ x: '\ufffd', species: '42' }]]);
    const numbers = ['12345678901234567890', '7.10', '1e22', '-0', '5', 'true'];
    const body = `\uFEFF{"data":[0],"Data":[${numbers.map((each) => `{"x":${each}}`).join()}]}`;
    const echoed = await alice.post(`models/${modelId}/predict`, body);
    expect(echoed.body.data).toEqual(numbers.map((x) => ({ x, species: '42' })));
    const latin = Buffer.from('{"data":[{"x":"\xe9"}]}', 'latin1');
    for (const path of [`models/${modelId}/predict`, 'sessions/model']) {
      expect((await alice.post(path, latin)).body).toMatchObject({
        ...{ statusCode: 400, errorType: 'RequestValidation' },
        errorDetails: { body: ['The body is not valid UTF-8.'] },
      });
    }
  });

  it('a job of another dialect cannot pass file paths to the learner', async () => {
    const path = '/api/v1/jobs';
    const params = { data: { path: '/etc/passwd' }, model: { path: '/etc/passwd' } };
    for (const program_id of ['forecast', 'predict']) {
      const request = { program_id, backend: 'learner', params };
      const { body } = await service.call('POST', path, { token: alice.key, body: request });
      const job = await eventually('its end', async () => {
        const { body: now } = await service.call('GET', `${path}/${body.id as string}`, { token: alice.key });
        return now.state?.status === 'Failed' && now;
      });
      expect(job.state.reason).toContain('/nexosis/v1');
    }
  });
});

describe('views', () => {
  beforeAll(async () => {
    await alice.putCsv('data/left', sales(5));
    await alice.putCsv('data/right', `day,warm,sales\n${dayOf(2)} 08:00,21,x\n${dayOf(3)} 09:00,22,y`);
  });

  // Rows of views have the form of results, not the form in which they were sent, as in data sets.
  const momentOf = (n: number) => `${dayOf(n)}T00:00:00.0000000Z`;

  it('show a data set joined with the columns of another', async () => {
    const joins = [
      {
        dataSet: { name: 'right' },
        columnOptions: { day: { joinInterval: 'Day' }, sales: { alias: 'mood' } },
        joins: null,
      },
    ];
    const made = await alice.put('views/both', { dataSetName: 'left', joins });
    expect([made.status, made.body.isTimeSeries]).toEqual([201, true]);
    expect(Object.keys(made.body.columns as object)).toEqual(['day', 'mood', 'sales', 'warm']);
    expect(made.body.joins[0]).not.toHaveProperty('joins');
    const { body } = await alice.get('Views/BOTH?pageSize=3');
    expect(body.data).toEqual([
      { day: momentOf(1), sales: '101', warm: '', mood: '' },
      { day: momentOf(2), sales: '102', warm: '21', mood: 'x' },
      { day: momentOf(3), sales: '103', warm: '22', mood: 'y' },
    ]);
    expect((await alice.get('views?dataSetName=right')).body.totalCount).toBe(1);
    const forecast = await alice.post(
      `sessions/forecast?dataSourceName=both&startDate=${dayOf(6)}&endDate=${dayOf(7)}`,
    );
    const ended = await alice.ended(forecast.body.sessionId as string);
    expect(ended.body).toMatchObject({
      status: 'completed',
      dataSourceName: 'both',
      supportsFeatureImportance: true,
    });
    // Feature importance is supported even if no feature is useful, so a request for it is not an error.
    const importance = await alice.get(
      `sessions/${ended.body.sessionId as string}/results/featureImportance`,
    );
    expect([importance.status, importance.body.featureImportance]).toEqual([200, {}]);
    const { href } = (ended.body.links as { rel: string; href: string }[]).find(
      ({ rel }) => rel === 'data',
    ) ?? { href: '' };
    expect(href).toBe(`${service.url}/nexosis/v1/views/both`);
    expect((await alice.delete('views/both?cascade=session')).status).toBe(204);
    expect((await alice.get('views/both')).body.errorDetails.itemType).toBe('view');
  });

  it.each([
    [{ dataSetName: 'nowhere' }, 404],
    [{ dataSetName: 'left', joins: [{ calendar: { name: 'Nexosis.Holidays-US' } }] }, 400],
    [{ dataSetName: 'left', joins: [{ dataSet: { name: 'flowers' } }] }, 400],
    [{ joins: [] }, 400],
  ])('are refused with the definition %j', async (definition, status) => {
    expect((await alice.put('views/bad', definition)).status).toBe(status);
  });
});

describe('imports', () => {
  let files: Server;
  const served: Record<string, [type: string, body: string | Buffer]> = {
    '/a.csv': ['text/csv', sales(10)],
    '/a.csv.gz': ['application/octet-stream', gzipSync(sales(11))],
    '/a.json': ['application/json', JSON.stringify({ data: [{ a: 1 }] })],
    '/empty.csv': ['text/csv', ''],
    '/bomb.gz': ['application/gzip', gzipSync(Buffer.alloc(5_000_000))],
    '/half.gz': ['application/gzip', gzipSync(sales(300)).subarray(0, 100)],
  };
  let at = '';

  beforeAll(async () => {
    files = createServer((request, response) => {
      const [type, body] = served[request.url ?? ''] ?? [];
      response.writeHead(body === undefined ? 404 : 200, { 'content-type': type ?? 'text/plain' }).end(body);
    });
    await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
    at = `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => files.close(resolve)));

  const ended = (id: string) =>
    eventually('the end of the import', async () => {
      const answer = await alice.get(`imports/${id}`);
      return ['completed', 'failed'].includes(answer.body.status as string) && answer;
    });

  it.each([
    ['/a.csv', 10],
    ['/a.csv.gz', 11],
    ['/a.json', 1],
  ])('can fetch %s', async (path, rows) => {
    const name = `from ${path}`.replaceAll('/', '');
    const made = await alice.post('imports/Url', {
      DataSetName: name,
      Url: at + path,
      Columns: { columns: {} },
      ContentType: '',
    });
    expect([made.status, made.headers.get('nexosis-import-status'), made.body.status]).toEqual([
      200,
      'Requested',
      'requested',
    ]);
    const { body, headers } = await ended(made.body.importId as string);
    expect([body.status, headers.get('nexosis-import-status')]).toEqual(['completed', 'Completed']);
    expect(body.statusHistory).toHaveLength(3);
    expect((await alice.get(`data/${encodeURIComponent(name)}`)).body.rowCount).toBe(rows);
    expect((await alice.get(`imports?dataSetName=${encodeURIComponent(name)}`)).body.totalCount).toBe(1);
  });

  it.each([
    ['/nothing', 'answered 404'],
    ['/empty.csv', 'No data'],
    ['/bomb.gz', 'more than 2 MB'],
    ['/half.gz', 'no readable gzip file'],
  ])('of %s fail with a message', async (path, words) => {
    const made = await alice.post('imports/url', { dataSetName: 'failing', url: at + path });
    const { body } = await ended(made.body.importId as string);
    expect([body.status, body.messages[0].severity]).toEqual(['failed', 'error']);
    expect(body.messages[0].message).toContain(words);
  });

  it.each([
    ['url', { dataSetName: 'x', url: 'http://localhost/x.csv' }],
    ['url', { dataSetName: 'x', url: 'file:///etc/passwd' }],
    ['url', { dataSetName: 'x', url: 'http://user:secret@127.0.0.1/x.csv' }],
    ['url', { dataSetName: 'x' }],
    ['S3', { dataSetName: 'x', bucket: 'b', path: 'p' }],
  ])('from %s with %j are refused', async (kind, request) => {
    const { status, body } = await alice.post(`imports/${kind}`, request);
    expect([status, body.errorType]).toEqual([400, 'RequestValidation']);
  });
});

describe('every answer', () => {
  it.each([
    ['GET', 'data', 200],
    ['GET', 'sessions/no-guid', 400],
    ['HEAD', 'sessions/no-guid', 400],
    ['HEAD', 'sessions/01a1fd94-8058-7e0c-b9e7-e91491f7a9fe', 404],
    ['GET', 'nowhere', 404],
    ['DELETE', 'models', 400],
  ])('of %s %s has the counts of the account', async (method, path, status) => {
    const answer = await alice.call(method, path, { headers: { 'content-type': 'application/json' } });
    expect(answer.status).toBe(status);
    // An address without a route does not ask for a key, so it belongs to no account.
    const known = path === 'nowhere' ? /^0$/ : /^[1-9]\d*$/;
    expect(answer.headers.get('nexosis-account-datasetcount-current')).toMatch(known);
    expect(answer.headers.get('nexosis-account-balance')).toBe('0.00 USD');
    if (path === 'nowhere')
      expect(answer.body).toMatchObject({ statusCode: 404, message: 'Resource not found' });
    if (method === 'HEAD') expect(answer.text).toBe('');
  });

  it('can be read by browsers', async () => {
    const answer = await service.call('OPTIONS', '/nexosis/v1/data', { token: null });
    expect([answer.status, answer.headers.get('access-control-allow-headers')]).toEqual([
      204,
      expect.stringContaining('api-key'),
    ]);
  });

  it('is JSON for an unknown Accept type', async () => {
    const answer = await alice.get('data', { headers: { accept: 'appliction/json' } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      'application/json; charset=utf-8',
    ]);
  });
});
