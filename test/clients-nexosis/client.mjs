/**
 * Tests the unmodified JavaScript client (npm nexosis-api-client) against a running service with the real learner. The
 * address and the key are in STINT_URL and STINT_TOKEN. Prints a line for each check, and the number that passed.
 */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
import { dayOf, points, sales } from './given.mjs';

const { default: NexosisClient } = createRequire(import.meta.url)('nexosis-api-client');
const client = new NexosisClient({
  endpoint: `${process.env.STINT_URL}/nexosis/v1`,
  key: process.env.STINT_TOKEN,
});
const { DataSets, Sessions, Models, Contests, Imports } = client;
const ids = {};

/** Waits by the status header, as the client's own tests do. */
async function ended(id) {
  for (;;) {
    const status = await Sessions.status(id);
    if (status === 'Completed') return Sessions.results(id);
    if (status === 'Failed' || status === 'Cancelled') {
      const { messages } = await Sessions.get(id);
      throw new Error(`The session ended ${status}: ${JSON.stringify(messages)}`);
    }
    await pause(200);
  }
}

async function trained(options) {
  const session = await Sessions.trainModel(options);
  assert.equal(session.status, 'requested');
  return ended(session.sessionId);
}

const checks = {
  async 'uploads a time series and a table'() {
    const made = await DataSets.create('js-sales', { data: sales(200) });
    assert.equal(made.dataSetName, 'js-sales');
    assert.equal(made.columns.day.role, 'timestamp');
    assert.equal(made.columns.sales.role, 'target');
    await DataSets.create('js-points', {
      data: points(120),
      columns: { kind: { dataType: 'string', role: 'feature' } },
    });
  },
  async 'reads rows by page, date and column'() {
    const read = await DataSets.get(
      'js-sales',
      { startDate: new Date('2017-02-01'), endDate: new Date('2017-02-28'), include: ['day'] },
      0,
      10,
    );
    assert.equal(read.totalCount, 28);
    assert.deepEqual(read.data[0], { day: '2017-02-01' });
  },
  async 'lists data sets'() {
    const { items } = await DataSets.list({ partialName: 'js-' });
    assert.deepEqual(
      items.map(({ dataSetName }) => dataSetName),
      ['js-points', 'js-sales'],
    );
  },
  async 'runs a forecast'() {
    const session = await Sessions.createForecast(
      'js-sales',
      new Date('2017-07-20'),
      new Date('2017-07-29'),
      'sales',
      'day',
    );
    ids.forecast = session.sessionId;
    const { data, metrics } = await ended(session.sessionId);
    assert.equal(data.length, 10);
    assert.ok(
      data.every((row) => Math.abs(Number(row.sales) - 125) < 15),
      JSON.stringify(data),
    );
    assert.ok(metrics.meanAbsoluteScaledError < 1, JSON.stringify(metrics));
  },
  async 'reads a forecast at another quantile'() {
    const { availablePredictionIntervals: levels } = await Sessions.get(ids.forecast);
    const [low, high] = await Promise.all(
      [levels[0], levels.at(-1)].map((level) => Sessions.resultsByInterval(ids.forecast, level)),
    );
    assert.ok(Number(low.data[0].sales) < Number(high.data[0].sales));
  },
  async 'runs an impact analysis'() {
    const session = await Sessions.analyzeImpact({
      dataSourceName: 'js-sales',
      startDate: dayOf(150),
      endDate: dayOf(159),
      eventName: 'campaign',
      targetColumn: 'sales',
    });
    const { metrics, data } = await ended(session.sessionId);
    assert.equal(data.length, 10);
    assert.ok(metrics.absoluteEffect > 200 && metrics.absoluteEffect < 400, JSON.stringify(metrics));
    assert.ok(metrics.pValue < 0.05, JSON.stringify(metrics));
  },
  async 'builds a regression model and predicts'() {
    const results = await trained({
      dataSourceName: 'js-points',
      targetColumn: 'sum',
      predictionDomain: 'regression',
    });
    assert.ok(results.metrics.rSquared > 0.9, JSON.stringify(results.metrics));
    ids.model = results.modelId;
    const { data } = await Models.predict(results.modelId, [{ x: 5.5, y: 3.5, kind: 'far' }]);
    assert.ok(Math.abs(Number(data[0].sum) - 21.5) < 4, JSON.stringify(data));
  },
  async 'builds a classification model, with confusion matrix, scores and importance'() {
    const results = await trained({
      dataSourceName: 'js-points',
      targetColumn: 'kind',
      predictionDomain: 'classification',
      extraParameters: { balance: false },
    });
    ids.classification = results.sessionId;
    assert.ok(results.metrics.macroAverageF1Score > 0.9, JSON.stringify(results.metrics));
    const matrix = await Sessions.confusionMatrixResults(ids.classification);
    assert.deepEqual([...matrix.classes].sort(), ['far', 'near']);
    const scores = await Sessions.classScoreResults(ids.classification, 0, 5);
    assert.ok('kind:far' in scores.data[0], JSON.stringify(scores.data[0]));
    const { featureImportance } = await Sessions.featureImportanceResults(ids.classification);
    assert.equal(Math.max(...Object.values(featureImportance)), 1);
    const { data } = await Models.predict(results.modelId, [{ x: 0.2, y: 0.1 }], {
      includeClassScores: true,
    });
    assert.equal(data[0].kind, 'near');
    assert.ok('kind:near' in data[0]);
  },
  async 'finds anomalies'() {
    const results = await trained({
      dataSourceName: 'js-points',
      predictionDomain: 'anomalies',
      extraParameters: { containsAnomalies: true },
    });
    assert.ok(results.data.every((row) => Number(row.anomaly) < 0));
    const scores = await Sessions.anomalyScoreResults(results.sessionId, 0, 5);
    assert.equal(scores.totalCount, 120);
  },
  async 'shows the contest'() {
    const contest = await Contests.getContest(ids.forecast);
    assert.ok(contest.contestants.length >= 3);
    const champion = await Contests.getChampion(ids.forecast);
    assert.equal(champion.id, contest.champion.id);
    const { metricSets } = await Contests.getSelection(ids.forecast);
    assert.ok(metricSets.length >= 1);
  },
  async 'lists sessions and models'() {
    const { items } = await Sessions.list({ dataSourceName: 'js-sales', page: 0, pageSize: 1 });
    assert.equal(items.length, 1);
    const models = await Models.list({ dataSourceName: 'js-points' });
    assert.equal(models.totalCount, 3);
  },
  async 'reads the account'() {
    const { dataSetCount, sessionCount, predictionCount } = await client.getAccountBalance();
    assert.deepEqual([dataSetCount.current, sessionCount.current, predictionCount.current], [2, 5, 2]);
  },
  async 'gets readable error messages'() {
    await assert.rejects(Sessions.createForecast('js-none', '2017-01-01', '2017-01-02'), {
      errorType: 'NotFound',
      message: 'Item of type dataSource with identifier js-none was not found',
    });
    await assert.rejects(Imports.importFromUrl('js-import', 'http://127.0.0.1/data.csv'), {
      statusCode: 400,
    });
  },
  async 'deletes a session, a model, and data sets with everything built on them'() {
    assert.equal((await Sessions.remove(ids.forecast)).status, 204);
    await assert.rejects(Sessions.get(ids.forecast), { statusCode: 404 });
    assert.equal((await Models.remove(ids.model)).status, 204);
    for (const name of ['js-sales', 'js-points'])
      assert.equal((await DataSets.remove(name, { cascade: ['session', 'model'] })).status, 204);
    assert.equal((await Sessions.list({})).totalCount, 0);
    assert.equal((await DataSets.list({ partialName: 'js-' })).totalCount, 0);
  },
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  const began = performance.now();
  try {
    await check();
    console.log(`✓ ${name} (${Math.round(performance.now() - began)} ms)`);
  } catch (error) {
    failed += 1;
    console.log(`✗ ${name}: ${error instanceof Error ? error.stack : JSON.stringify(error)}`);
  }
}
console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
