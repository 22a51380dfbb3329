import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dayOf, flowers, givenAccount, givenNexosis, sales, type Account } from '../support/nexosis.js';
import type { TestService } from '../support/http.js';

let service: TestService;
let alice: Account;
let bob: Account;

beforeAll(async () => {
  ({ service, ...alice } = await givenNexosis());
  bob = await givenAccount(service, 'bob', 'lab-b');
});
afterAll(() => service.close());

describe('the requests that every client needs:', () => {
  it('a request without a key is refused, in JSON', async () => {
    const { status, body, headers } = await service.call('GET', '/nexosis/v1/data', { token: null });
    expect([status, body]).toEqual([401, { statusCode: 401, message: expect.any(String) }]);
    expect(headers.get('nexosis-account-datasetcount-allotted')).toBe('2147483647');
  });

  it('an upload of CSV stores 120 days and returns the inferred columns', async () => {
    const { status, headers, body } = await alice.putCsv('data/shop', sales(120));
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`${service.url}/nexosis/v1/data/shop`);
    expect(body).toMatchObject({
      dataSetName: 'shop',
      isTimeSeries: true,
      columnCount: 2,
      columns: {
        day: { dataType: 'date', role: 'timestamp' },
        sales: { dataType: 'numericMeasure', role: 'target', imputation: 'mean', aggregation: 'mean' },
      },
      messages: [],
    });
  });

  it('a second upload replaces existing days and adds new ones', async () => {
    const data = [118, 119, 120, 121, 122, 123, 124, 125].map((n) => ({ Day: dayOf(n), SALES: n }));
    expect((await alice.put('DATA/Shop/', { Data: data })).status).toBe(201);
    const { body } = await alice.get('data/shop?pageSize=1000');
    expect([body.totalCount, body.rowCount, body.data.length]).toEqual([125, 125, 125]);
    expect([body.data[0], body.data[117]]).toEqual([
      { day: '2017-01-01', sales: '101' },
      { day: dayOf(118), sales: '118' },
    ]);
  });

  it('a forecast runs with query parameters alone and has results', async () => {
    const query = 'dataSetName=shop&startDate=2017-05-06&endDate=2017-05-15&resultInterval=Day';
    const started = await alice.post(`sessions/Forecast?${query}`, '""');
    expect(started.status).toBe(200);
    expect(started.body).toMatchObject({
      type: 'forecast',
      status: 'requested',
      predictionDomain: 'forecast',
      startDate: '2017-05-06T00:00:00+00:00',
      endDate: '2017-05-15T00:00:00+00:00',
      resultInterval: 'day',
      targetColumn: 'sales',
      name: 'Forecast on shop',
      extraParameters: {},
      messages: [],
      statusHistory: [{ status: 'requested' }],
      availablePredictionIntervals: ['0.5'],
    });
    const id = started.body.sessionId as string;
    const ended = await alice.ended(id);
    expect(ended.headers.get('nexosis-session-status')).toBe('Completed');
    expect(ended.body.statusHistory.map(({ status }: { status: string }) => status)).toEqual([
      'requested',
      'started',
      'completed',
    ]);
    const head = await alice.head(`sessions/${id.toUpperCase()}`);
    expect([head.status, head.headers.get('nexosis-session-status'), head.text]).toEqual([
      200,
      'Completed',
      '',
    ]);
    const { body } = await alice.get(`sessions/${id}/results`);
    expect(body).toMatchObject({
      status: 'completed',
      metrics: { meanAbsoluteError: 1.5, meanAbsolutePercentError: 0.02 },
      totalCount: 10,
      availablePredictionIntervals: ['0.2', '0.5', '0.8'],
    });
    expect(body.columns).toBeUndefined();
    expect(body.data[0].day).toBe('2017-05-06T00:00:00.0000000Z');
    expect(typeof body.data[0].sales).toBe('string');
    const other = await alice.get(`sessions/${id}/results?predictionInterval=.8`);
    expect(other.body.data[0].sales).not.toBe(body.data[0].sales);
    const wrong = await alice.get(`sessions/${id}/results?predictionInterval=0.9`);
    expect([wrong.status, wrong.body.errorType]).toEqual([400, 'RequestValidation']);
    const csv = await alice.csv(`sessions/${id}/results`);
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(csv.text.split('\r\n').slice(0, 2)).toEqual(['day,sales', expect.stringMatching(/^2017-05-06T/)]);
    for (const { href } of body.links as { href: string }[]) {
      const link = await alice.get(href.split('/nexosis/v1/')[1] ?? '');
      expect([href, link.status]).toEqual([href, 200]);
    }
  });

  it('an impact analysis is measured inside the range of the data, and refused beyond it', async () => {
    const request = {
      dataSourceName: 'SHOP',
      targetColumn: 'Sales',
      startDate: '2017-03-01',
      endDate: '2017-03-10',
      eventName: 'juliet-echo-1',
    };
    const started = await alice.post('sessions/impact', request);
    expect(started.body).toMatchObject({
      eventName: 'juliet-echo-1',
      extraParameters: { event: 'juliet-echo-1' },
    });
    const { body } = await alice.ended(started.body.sessionId as string);
    expect(body.status).toBe('completed');
    const results = await alice.get(`sessions/${body.sessionId as string}/results`);
    expect(Object.keys(results.body.metrics as object)).toEqual([
      'pValue',
      'absoluteEffect',
      'relativeEffect',
    ]);
    const late = await alice.post('sessions/impact', { ...request, endDate: '2017-06-10' });
    expect([late.status, late.body]).toEqual([
      400,
      {
        statusCode: 400,
        errorType: 'InvalidDateRange',
        message: 'End Date must be before the last date in the data source',
        errorDetails: {
          startDate: '2017-03-01T00:00:00.0000000+00:00',
          endDate: '2017-06-10T00:00:00.0000000+00:00',
        },
      },
    ]);
  });

  it.each([
    ['dataSourceName=nowhere&startDate=2017-01-01&endDate=2017-01-02', 404, 'NotFound'],
    [
      'dataSourceName=shop&startDate=2017-01-01&endDate=2017-01-02&resultInterval=seconds',
      400,
      'RequestValidation',
    ],
    ['dataSourceName=shop&startDate=2017-01-03&endDate=2017-01-02', 400, 'InvalidDateRange'],
    ['dataSourceName=shop&startDate=soon&endDate=2017-01-02', 400, 'RequestValidation'],
    ['dataSourceName=shop&startDate=2017-01-01', 400, 'RequestValidation'],
    ['startDate=2017-01-01&endDate=2017-01-02', 400, 'NoData'],
    [
      'dataSourceName=shop&targetColumn=profit&startDate=2017-01-01&endDate=2017-01-02',
      400,
      'InvalidColumnMetadata',
    ],
  ])('a forecast is refused with %s', async (query, status, errorType) => {
    const answer = await alice.post(`sessions/forecast?${query}`);
    expect([answer.status, answer.body]).toEqual([
      status,
      { statusCode: status, errorType, message: expect.any(String), errorDetails: expect.any(Object) },
    ]);
  });

  it('models are built, predict and are deleted', async () => {
    await alice.putCsv('data/flowers', flowers(50));
    const built = await Promise.all(
      (['regression', 'classification', 'anomalies'] as const).map((predictionDomain) =>
        alice.post('sessions/model', {
          dataSourceName: 'flowers',
          predictionDomain,
          targetColumn: predictionDomain === 'regression' ? 'petal' : 'species',
        }),
      ),
    );
    const ended = await Promise.all(built.map(({ body }) => alice.ended(body.sessionId as string)));
    expect(ended.map(({ body }) => [body.type, body.status, body.predictionDomain])).toEqual([
      ['model', 'completed', 'regression'],
      ['model', 'completed', 'classification'],
      ['model', 'completed', 'anomalies'],
    ]);
    expect(ended[0]?.body).not.toHaveProperty('startDate');
    const [, { modelId, sessionId }] = ended.map(({ body }) => body) as [
      unknown,
      { modelId: string; sessionId: string },
      unknown,
    ];
    const results = await alice.get(`sessions/${sessionId}/results`);
    expect(results.body).toMatchObject({ modelId, totalCount: 10, metrics: { accuracy: 1 } });
    expect(results.body.data[0]).toEqual({ species: 'setosa', 'species:actual': 'setosa', petal: '1' });
    const predicted = await alice.post(`models/${modelId}/predict`, {
      data: [{ petal: 1.5, other: null }],
      extraParameters: { includeClassScores: 'True' },
    });
    expect([predicted.status, predicted.body]).toMatchObject([
      200,
      { modelId, data: [{ petal: '1.5', other: '', species: '42', 'species:42': '0.9' }], messages: [] },
    ]);
    expect(predicted.body).not.toHaveProperty('columns');
    const rows = await alice.call('POST', `models/${modelId}/predict`, {
      body: 'petal,other\n1.5,"a, b"\n2,',
      headers: { 'content-type': 'text/csv', accept: 'text/csv' },
    });
    expect([rows.status, rows.text]).toEqual([200, 'petal,other,species\r\n1.5,"a, b",42\r\n2,,42\r\n']);
    // A session without levels has only the middle interval.
    const middle = await alice.get(`sessions/${sessionId}/results?predictionInterval=.5`);
    expect([middle.status, middle.body.totalCount]).toEqual([200, 10]);
    const other = await alice.get(`sessions/${sessionId}/results?predictionInterval=0.8`);
    expect([other.status, other.body.errorType]).toEqual([400, 'RequestValidation']);
    const used = await alice.get(`models/${modelId}`);
    expect(used.body).toMatchObject({ predictionDomain: 'classification', lastUsedDate: expect.any(String) });
    expect(used.headers.get('nexosis-account-predictioncount-current')).toBe('3');
    expect((await bob.get(`models/${modelId}`)).status).toBe(404);
    expect((await alice.get('models?dataSourceName=FLOWERS')).body.totalCount).toBe(3);
    expect((await alice.delete(`models/${modelId}`)).status).toBe(204);
    const gone = await alice.post(`models/${modelId}/predict`, { data: [{ petal: 1 }] });
    expect([gone.status, gone.body.message]).toEqual([
      404,
      `Item of type model with identifier ${modelId} was not found`,
    ]);
  });

  it('the list of sessions has pages and filters by event and date', async () => {
    const { body } = await alice.get('sessions?dataSourceName=shop&page=0&page=0&pageSize=1');
    expect(body).toMatchObject({ pageNumber: 0, pageSize: 1, totalCount: 2, totalPages: 2 });
    expect(body.items[0].type).toBe('impact');
    expect(body.links.map(({ rel }: { rel: string }) => rel)).toEqual(['self', 'first', 'next', 'last']);
    expect((await alice.get('sessions?eventName=Echo-')).body.totalCount).toBe(1);
    expect((await alice.get('sessions?startDate=2000-01-01&endDate=2001-01-01')).body.totalCount).toBe(0);
    const beyond = await alice.get('sessions?page=7');
    expect([beyond.status, beyond.body.pageNumber, beyond.body.items]).toEqual([200, 7, []]);
  });

  it('a session can be deleted, but not all sessions without a filter', async () => {
    const { body } = await alice.get('sessions?type=impact');
    const id = body.items[0].sessionId as string;
    expect((await bob.delete(`sessions/${id}`)).status).toBe(404);
    const gone = await alice.delete(`sessions/${id}`);
    expect([gone.status, gone.text]).toEqual([204, '']);
    expect((await alice.get(`sessions/${id}`)).body).toEqual({
      statusCode: 404,
      message: `Item of type session with identifier ${id} was not found`,
      errorType: 'NotFound',
      errorDetails: { itemType: 'session', itemId: id },
    });
    const all = await alice.delete('sessions?eventName=&type=');
    expect([all.status, all.body.errorType]).toEqual([400, 'SomeParametersRequired']);
    expect((await alice.delete('sessions?dataSetName=shop&type=')).status).toBe(204);
    expect((await alice.get('sessions?dataSourceName=shop')).body.totalCount).toBe(0);
  });
});
