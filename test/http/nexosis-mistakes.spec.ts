import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import type { TestService } from '../support/http.js';
import { dayOf, flowers, givenNexosis, sales, type Account } from '../support/nexosis.js';

let service: TestService;
let alice: Account;

beforeAll(async () => {
  ({ service, ...alice } = await givenNexosis());
});
afterAll(() => service.close());

describe('a part that a session does not have is 404 with the reason:', () => {
  const ids: Record<string, string> = {};
  const started = async (query: string) => (await alice.post(`sessions/${query}`)).body.sessionId as string;
  const days = (first: number, last: number) => `startDate=${dayOf(first)}&endDate=${dayOf(last)}`;

  beforeAll(async () => {
    await alice.putCsv('data/shop', sales(30));
    await alice.putCsv('data/hang', 'day,sales,do\n2017-01-01,1,hang\n2017-01-02,2,x');
    await alice.putCsv('data/fail', 'day,sales,do\n2017-01-01,1,fail\n2017-01-02,2,x');
    await alice.putCsv('data/flowers', flowers(20));
    const model = 'model?dataSourceName=flowers&targetColumn=species&predictionDomain=classification';
    ids['classification'] = await started(model);
    ids['forecast'] = await started(`forecast?dataSourceName=shop&${days(31, 32)}`);
    ids['impact'] = await started(`impact?dataSourceName=shop&eventName=e&${days(20, 22)}`);
    ids['failed'] = await started(`forecast?dataSourceName=fail&targetColumn=sales&${days(3, 4)}`);
    for (const id of Object.values(ids)) await alice.ended(id);
    const hanging = await started(`forecast?dataSourceName=hang&targetColumn=sales&${days(3, 4)}`);
    ids['running'] = hanging;
    await eventually('its start', async () => {
      return (await alice.get(`sessions/${hanging}`)).body.status === 'started';
    });
  });

  it.each([
    [
      'forecast',
      'results/confusionMatrix',
      'is a forecast and has no confusion matrix; only a classification has one.',
    ],
    [
      'forecast',
      'results/featureimportance',
      'is a forecast and has no feature importance; only a classification, a regression or a forecast with features has it.',
    ],
    [
      'impact',
      'results/classscores',
      'is an impact analysis and has no class scores; only a classification has them.',
    ],
    [
      'classification',
      'results/outliers',
      'is a classification and has no outliers; only a forecast has them.',
    ],
    [
      'classification',
      'results/mahalanobisdistances',
      'is a classification and has no Mahalanobis distances; only a search for anomalies has them.',
    ],
    // The session will never have a result, so the answer does not ask the client to wait.
    [
      'running',
      'results/anomalyscores',
      'is a forecast and has no anomaly scores; only a search for anomalies has them.',
    ],
    [
      'running',
      'results/featureimportance',
      'is not completed yet, its status is started: it has no feature importance before its end.',
    ],
    [
      'running',
      'contest/champion',
      'is not completed yet, its status is started: it has no contest before its end.',
    ],
    ['failed', 'results/outliers', 'failed and has no outliers; its messages say why.'],
    ['failed', 'contest', 'failed and has no contest; its messages say why.'],
  ])('%s: %s', async (which, path, why) => {
    const id = ids[which] ?? '';
    const { status, body } = await alice.get(`sessions/${id}/${path}`);
    expect([status, body]).toEqual([
      404,
      {
        statusCode: 404,
        message: `Session ${id} ${why}`,
        errorType: 'NotFound',
        errorDetails: { itemType: 'session', itemId: id },
      },
    ]);
  });

  it('a part that no session has is an unknown path', async () => {
    const { status, body } = await alice.get(`sessions/${ids['forecast'] ?? ''}/results/nonsense`);
    expect([status, body]).toEqual([
      404,
      {
        statusCode: 404,
        message: 'Resource not found',
        errorDetails: { path: [expect.stringContaining('Results have no nonsense, but confusionmatrix')] },
      },
    ]);
  });
});

describe('an unreadable body is 400 with the expected form:', () => {
  const sent = (method: string, path: string, body: string, type = 'application/json') =>
    alice.call(method, path, { body, headers: { 'content-type': type } });

  it.each([
    ['PUT', 'data/x'],
    ['POST', 'sessions/model'],
    ['POST', 'models/MODEL/predict'],
    ['PUT', 'views/x'],
    ['POST', 'imports/url'],
  ])('invalid JSON, with the message of the other dialects: %s %s', async (method, path) => {
    const { status, body } = await sent(method, path.replace('MODEL', await givenModel()), '{bad');
    expect([status, body]).toEqual([
      400,
      {
        statusCode: 400,
        message: 'Request is invalid',
        errorType: 'RequestValidation',
        errorDetails: {
          body: ['The body is not valid JSON: expected a member name in double quotes at line 1, column 2.'],
        },
      },
    ]);
  });

  it.each([
    ['PUT', 'data/x', '[]', 'body', 'The body must be an object with data or columns, not a list.'],
    ['POST', 'sessions/model', '[]', 'body', 'The body must be an object, not a list.'],
    ['PUT', 'data/x', '{"data":"foo"}', 'data', 'data must be a list of rows, not a text.'],
    ['POST', 'models/MODEL/predict', '{"data":"foo"}', 'data', 'data must be a list of rows, not a text.'],
    ['POST', 'models/MODEL/predict', '{"data":[[1]]}', 'data', 'Row 1 must be an object, not a list.'],
  ])('JSON of another shape: %s %s %s', async (method, path, text, field, words) => {
    const { status, body } = await sent(method, path.replace('MODEL', await givenModel()), text);
    expect([status, body.errorType, body.errorDetails]).toEqual([
      400,
      'RequestValidation',
      { [field]: [words] },
    ]);
  });

  it.each([
    ['data/x', '{"dta":[{"a":1}]}', 'dta is not known, but data, columns and missingValues'],
    ['data/x', '{"dta":[{"a":1}],"x":1}', 'dta, x are not known, but data, columns and missingValues'],
    ['models/MODEL/predict', '{"dta":[{"a":1}]}', 'dta is not known, but data and extraParameters'],
  ])('rows under another name: %s %s', async (path, text, words) => {
    const method = path.startsWith('data') ? 'PUT' : 'POST';
    const { status, body } = await sent(method, path.replace('MODEL', await givenModel()), text);
    expect([status, body.errorType]).toEqual([400, 'NoData']);
    expect(body.message).toContain(words);
    // It is ignored if there are rows, because clients send both.
    const beside = await sent('PUT', 'data/beside', '{"dta":[{"a":1}],"data":[{"a":1}]}');
    expect(beside.status).toBe(201);
  });

  it.each([
    ['PUT', 'data/x', 'application/xml', '<a/>', 'application/json or text/csv'],
    ['PUT', 'data/x', 'application/x-www-form-urlencoded', 'day,sales', 'application/json or text/csv'],
    ['POST', 'models/MODEL/predict', 'application/xml', '<a/>', 'application/json or text/csv'],
    ['POST', 'sessions/model', 'text/csv', 'a,b', 'application/json'],
  ])('an unsupported content type: %s %s as %s', async (method, path, type, text, accepted) => {
    const { status, body } = await sent(method, path.replace('MODEL', await givenModel()), text, type);
    expect([status, body.errorType, body.errorDetails]).toEqual([
      400,
      'RequestValidation',
      { 'Content-Type': [`A body of type ${type} is not taken: send ${accepted}.`] },
    ]);
  });

  it('but JSON is accepted with any content type, and an empty body is no data', async () => {
    expect((await sent('PUT', 'data/any', ' {"data":[{"a":1}]}', 'application/xml')).status).toBe(201);
    for (const nothing of [' '.repeat(20), '""', 'null', '{}'])
      expect((await sent('PUT', 'data/x', nothing)).body.errorType).toBe('NoData');
    expect((await sent('PUT', 'data/any', `${' '.repeat(20)}{"data":[{"a":1}]}`)).status).toBe(201);
  });

  let model: Promise<string> | undefined;
  const givenModel = () =>
    (model ??= (async () => {
      await alice.putCsv('data/flowers', flowers(20));
      const query = 'dataSourceName=flowers&targetColumn=species&predictionDomain=classification';
      const { body } = await alice.post(`sessions/model?${query}`);
      return (await alice.ended(body.sessionId as string)).body.modelId as string;
    })());
});

it('a prediction is refused immediately while its backend is paused: 503 with the reason', async () => {
  await alice.putCsv('data/few-flowers', flowers(20));
  const query = 'dataSourceName=few-flowers&targetColumn=species&predictionDomain=classification';
  const { sessionId } = (await alice.post(`sessions/model?${query}`)).body;
  const { modelId } = ((await alice.ended(sessionId as string)) as { body: { modelId: string } }).body;
  await service.admin.patch('/admin/backends/predictor', { status: 'paused', reason: 'new disks' });
  const refused = await alice.post(`models/${modelId}/predict`, { data: [{ petal: 1 }] });
  expect(refused).toMatchObject({
    status: 503,
    body: {
      errorType: 'Unavailable',
      message: expect.stringContaining('predictor, and that is paused: new disks'),
    },
  });
  await service.admin.patch('/admin/backends/predictor', { status: 'online' });
  expect((await alice.post(`models/${modelId}/predict`, { data: [{ petal: 1 }] })).status).toBe(200);
});
