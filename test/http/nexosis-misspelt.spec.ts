import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dayOf, givenNexosis, sales, type Account } from '../support/nexosis.js';
import type { TestService } from '../support/http.js';

let service: TestService;
let alice: Account;

beforeAll(async () => {
  ({ service, ...alice } = await givenNexosis());
  expect((await alice.putCsv('data/shop', sales(30))).status).toBe(201);
  expect((await alice.putCsv('data/weather', 'day,rain\n2017-01-01,1\n2017-01-02,2')).status).toBe(201);
});
afterAll(() => service.close());

describe('metadata of an unknown column', () => {
  it('is refused for a data set with rows, which stays unchanged', async () => {
    const before = await alice.get('data/shop');
    const { status, body } = await alice.put('data/shop', {
      columns: { salse: { role: 'target' }, day: { role: 'timestamp' } },
    });
    expect([status, body]).toEqual([
      400,
      {
        statusCode: 400,
        errorType: 'InvalidColumnMetadata',
        message: 'The column metadata is invalid: shop has no column salse.',
        errorDetails: { salse: ['shop has no column salse.'] },
      },
    ]);
    expect((await alice.get('data/shop')).body).toEqual(before.body);
  });

  it('creates a data set without rows, or adds the column to one', async () => {
    expect((await alice.put('data/empty', { columns: { id: { role: 'key' } } })).status).toBe(201);
    const { status, body } = await alice.put('data/empty', { columns: { v: { role: 'target' } } });
    expect([status, Object.keys(body.columns as object)]).toEqual([201, ['id', 'v']]);
  });

  it('is accepted in an upload with rows, with a warning', async () => {
    const data = [
      { day: '2017-01-01', sales: 1 },
      { day: '2017-01-02', sales: 2 },
    ];
    const { status, body } = await alice.put('data/fresh', { data, columns: { slaes: { role: 'target' } } });
    expect(status).toBe(201);
    expect(body.messages).toEqual([
      {
        severity: 'warning',
        message:
          'The metadata declares columns that no row has: slaes. They are empty until an upload has values for them.',
      },
    ]);
    const known = await alice.put('data/fresh', { data, columns: { sales: { imputation: 'zeroes' } } });
    expect(known.body.messages).toEqual([]);
  });

  it.each([
    ['an alias of an unknown column', { snow: { alias: 'white' } }, 400],
    ['an alias of a column of the left side', { sales: { alias: 'sold' } }, 400],
    ['an interval of an unknown column', { week: { joinInterval: 'day' } }, 400],
    ['an interval of the timestamp of either side', { day: { joinInterval: 'day' } }, 201],
    ['an alias in another case', { RAIN: { alias: 'water' } }, 201],
  ])('in a join is checked: %s', async (_, columnOptions, status) => {
    const joins = [{ dataSet: { name: 'weather' }, columnOptions }];
    const answer = await alice.put('views/joined', { dataSetName: 'shop', joins });
    expect([answer.status, answer.body.errorType]).toEqual([
      status,
      status === 400 ? 'InvalidColumnMetadata' : undefined,
    ]);
  });
});

describe('a misspelt parameter', () => {
  it.each([
    ['data/shop?startDat=2017-01-10', 'startDat', 'startDate'],
    ['data/shop?enddates=2017-01-10', 'enddates', 'endDate'],
    ['data/shop?cascad=session', 'cascad', 'cascade'],
    ['views/seen?cascades=session', 'cascades', 'cascade'],
    ['sessions?dataSourceName=shop&eventNam=fair', 'eventNam', 'eventName'],
    ['models?dataSourceName=shop&createdAfterDat=2017-01-10', 'createdAfterDat', 'createdAfterDate'],
  ])('of DELETE %s is refused, and nothing is deleted', async (path, name, suggestion) => {
    await alice.put('views/seen', { dataSetName: 'shop' });
    const { status, body } = await alice.delete(path);
    expect([status, body.errorType, body.errorDetails]).toEqual([
      400,
      'RequestValidation',
      { [name]: [`${name} is not known; the nearest is ${suggestion}. Nothing was deleted.`] },
    ]);
    expect((await alice.get('data/shop')).body.rowCount).toBe(30);
    expect((await alice.get('views/seen')).status).toBe(200);
  });

  it.each(['STARTDATE', 'StartDate'])('is a known one in another letter case: %s', async (name) => {
    await alice.putCsv('data/cut', sales(5));
    expect((await alice.delete(`data/cut?${name}=${dayOf(4)}&options=x`)).status).toBe(204);
    expect((await alice.get('data/cut')).body.rowCount).toBe(3);
  });

  it('of a session has no effect, and a message names it', async () => {
    const request = { dataSourceName: 'shop', startDate: dayOf(31), endDate: dayOf(40) };
    const { status, body } = await alice.post('sessions/forecast', { ...request, resultIntervl: 'week' });
    expect([status, body.resultInterval, body.messages]).toEqual([
      200,
      'day',
      [
        {
          severity: 'warning',
          message:
            'The parameter resultIntervl is not known and had no effect; the nearest is resultInterval.',
        },
      ],
    ]);
    const ended = await alice.ended(body.sessionId as string);
    expect(JSON.stringify(ended.body.messages)).toContain('resultIntervl');
    const anomalies = { dataSourceName: 'shop', predictionDomain: 'anomalies', targetcolum: 'sales' };
    expect((await alice.post('sessions/model', anomalies)).body.messages).toMatchObject([
      { message: expect.stringContaining('targetcolum') },
      { message: expect.stringContaining('is not used as target') },
    ]);
  });

  it('of a session is ignored if it resembles no parameter', async () => {
    const request = { dataSourceName: 'shop', startDate: dayOf(31), endDate: dayOf(40), shouldBe: 'noise' };
    expect((await alice.post('sessions/forecast', request)).body.messages).toEqual([]);
  });
});
