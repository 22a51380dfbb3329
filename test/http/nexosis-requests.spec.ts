import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dayOf, givenNexosis, sales, type Account } from '../support/nexosis.js';
import type { TestService } from '../support/http.js';

let service: TestService;
let alice: Account;

beforeAll(async () => {
  ({ service, ...alice } = await givenNexosis());
});
afterAll(() => service.close());

describe('an impact analysis', () => {
  // The 125th day of 2017 is Friday, 5 May.
  beforeAll(async () => {
    const { status } = await alice.putCsv('data/shop', sales(125));
    expect(status).toBe(201);
  });

  it.each([
    ['day', '2017-05-05T23:59:59.999', 200],
    ['day', '2017-05-06', 400],
    ['week', '2017-05-05', 200],
    ['week', '2017-05-06', 400],
    ['month', '2017-05-05', 200],
    ['month', '2017-05-31', 400],
    ['year', '2017-05-05', 200],
    ['year', '2017-12-31', 400],
    ['hour', '2017-05-05T00:59:59.999', 200],
    ['hour', '2017-05-05T01:00', 400],
  ])('by the %s that ends at %s is answered %i if the data ends on 5 May', async (interval, end, status) => {
    const request = { dataSourceName: 'shop', startDate: dayOf(100), endDate: end, resultInterval: interval };
    const { body, ...answer } = await alice.post('sessions/impact', { ...request, eventName: 'fair' });
    expect([answer.status, body.errorType]).toEqual([
      status,
      status === 400 ? 'InvalidDateRange' : undefined,
    ]);
  });
});

describe('column metadata', () => {
  beforeAll(async () => {
    const data = [1, 2, 3, 4, 5].map((n) => ({ day: dayOf(n), id: n, code: `c${n}`, sales: n }));
    const columns = { id: { role: 'key' }, day: { role: 'timestamp' }, sales: { role: 'target' } };
    expect((await alice.put('data/keyed', { data, columns })).status).toBe(201);
    expect((await alice.put('views/seen', { dataSetName: 'keyed' })).status).toBe(201);
  });

  const dates = { startDate: dayOf(4), endDate: dayOf(5) };
  const requests: [method: string, path: string, request: object][] = [
    ['PUT', 'data/keyed', {}],
    ['PUT', 'views/refused', { dataSetName: 'keyed' }],
    ['POST', 'sessions/forecast', { dataSourceName: 'keyed', ...dates }],
    ['POST', 'sessions/impact', { dataSourceName: 'seen', targetColumn: 'sales', ...dates }],
    ...['regression', 'classification', 'anomalies'].map((predictionDomain): [string, string, object] => [
      ...(['POST', 'sessions/model'] as const),
      { dataSourceName: 'seen', predictionDomain },
    ]),
  ];

  describe.each(requests)('in %s %s %j', (method, path, request) => {
    it.each([
      { code: { role: 'key' } },
      { code: { role: 'key' }, ID: { role: 'key' } },
      { day: { dataType: 'string' } },
      { code: { role: 'timestamp', dataType: 'numeric' } },
    ])('is refused with %j', async (columns) => {
      const { status, body } = await alice.call(method, path, { body: { ...request, columns } });
      expect([status, body.errorType]).toEqual([400, 'InvalidColumnMetadata']);
    });

    it.each([
      { code: { role: 'key' }, id: { role: 'none' } },
      { day: { role: 'feature' }, code: { role: 'none' } },
      { day: { dataType: 'date', role: 'Timestamp', imputation: 'mode' } },
    ])('is accepted with %j', async (columns) => {
      // An upload may not change the key or timestamp, and a time series without a timestamp is another case.
      if (path.startsWith('data/') || ('startDate' in request && columns.day?.role === 'feature')) return;
      const { status } = await alice.call(method, path.replace('refused', 'made'), {
        body: { ...request, columns },
      });
      expect(status).toBe(method === 'PUT' ? 201 : 200);
    });
  });
});
