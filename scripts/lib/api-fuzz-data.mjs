import { setTimeout as pause } from 'node:timers/promises';
import { api } from './api.mjs';
import { Failure } from './failure.mjs';

/**
 * Creates one object of each kind for the owner of the token, so that generated requests do not only find 404s.
 * Returns names and ids by the name of their dictionary in test/openapi/schemathesis.toml.
 */
export async function somethingOfEach(url, token) {
  const [ibm, livy, nexosis] = callers(url, token);
  const { id: session } = await ibm('POST', '/sessions', { backend: 'scripted', mode: 'batch' });
  const job = { program_id: 'scripted', backend: 'scripted', params: { duration: 1 } };
  const { id: inSession } = await ibm('POST', '/jobs', { ...job, session_id: session });
  const { id: alone } = await ibm('POST', '/jobs', job);

  const { id: interpreter } = await livy('POST', '/sessions', { kind: 'pyspark' });
  await until(
    () => livy('GET', `/sessions/${interpreter}`),
    ({ state }) => state === 'idle',
  );
  const { id: statement } = await livy('POST', `/sessions/${interpreter}/statements`, { code: '1 + 1' });

  const time = (n) => new Date(Date.UTC(2017, 0, n)).toISOString().slice(0, 10);
  const rows = (row) => Array.from({ length: 40 }, (_, i) => row(i));
  await nexosis('PUT', '/data/shop', { data: rows((i) => ({ day: time(i + 1), sales: 100 + (i % 7) })) });
  await nexosis('PUT', '/data/weather', { data: rows((i) => ({ day: time(i + 1), rain: i % 3 })) });
  const joined = { dataSetName: 'shop', joins: [{ dataSet: { name: 'weather' } }] };
  await nexosis('PUT', '/views/shop-weather', joined);
  const request = { dataSourceName: 'shop', targetColumn: 'sales', resultInterval: 'day' };
  const learned = [
    await nexosis('POST', '/sessions/forecast', { ...request, startDate: time(41), endDate: time(45) }),
    await nexosis('POST', '/sessions/impact', {
      ...{ ...request, eventName: 'campaign', startDate: time(30), endDate: time(34) },
    }),
    await nexosis('POST', '/sessions/model', { ...request, predictionDomain: 'regression' }),
  ].map(({ sessionId }) => sessionId);
  const ended = ({ status }) => ['completed', 'failed', 'cancelled'].includes(status);
  for (const id of learned) await until(() => nexosis('GET', `/sessions/${id}`), ended);
  const { items: models } = await nexosis('GET', '/models');
  if (models.length === 0) throw new Failure('The learner made no model.');
  const { contestants } = await nexosis('GET', `/sessions/${learned[2]}/contest`);

  return {
    backends: ['scripted', 'line'],
    instances: ['check', 'default'],
    sessions: [session],
    jobs: [inSession, alone],
    interpreters: [String(interpreter)],
    statements: [String(statement)],
    data: ['shop', 'weather'],
    columns: ['day', 'sales', 'rain'],
    views: ['shop-weather'],
    learned,
    models: models.map(({ modelId }) => modelId),
    contestants: contestants.map(({ id }) => id),
  };
}

/** Returns one function for each dialect that calls its API. */
const callers = (url, token) => [
  api(url, token),
  api(url, token, undefined, '/livy'),
  api(url, token, undefined, '/nexosis/v1'),
];

async function until(look, wanted) {
  for (const stop = Date.now() + 60_000; Date.now() < stop; await pause(50)) {
    const found = await look();
    if (wanted(found)) return found;
  }
  throw new Failure('The sessions and data for the API check were not ready after 60 s.');
}
