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

describe('a part that a session does not have is 404 and says why:', () => {
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
    // It never will have one, so nobody is told to wait.
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

  it('a part that no session has is an address that leads nowhere', async () => {
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
