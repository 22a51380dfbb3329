import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { adminToken, givenBackend, type HttpAnswer, type TestService } from '../support/http.js';
import { fakeDriver, givenLivy, livyUser, type LivyUser } from '../support/livy.js';

/** Names that every JavaScript object inherits. As JSON text, because an object literal cannot have all of them. */
const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];

let stint: TestService;
let alice: LivyUser;
let api: string;
beforeAll(async () => {
  stint = await givenLivy({
    spark_python: fakeDriver,
    learner_python: join(import.meta.dirname, '../support/fake-learner.mjs'),
    backends: [
      givenBackend({ name: 'b1' }),
      Object.assign(givenBackend({ name: 'spark', driver: 'spark', slots: 2 }), { on_idle: 'close' }),
      givenBackend({ name: 'learner', driver: 'learner', lanes: 2 }),
    ],
  });
  alice = await livyUser(stint);
  api = alice.token;
});
afterAll(async () => {
  const { body } = await alice.call('GET', '/sessions');
  for (const { id } of body.sessions as { id: number }[]) await alice.call('DELETE', `/sessions/${id}`);
  await stint.close();
});

const send = (method: string, path: string, text?: string, token = api): Promise<HttpAnswer> =>
  stint.call(method, path, { token, ...(text !== undefined && { body: text }) });

/** Any status is fine here, as long as the answer shows no inherited function or object. */
const expectClear = (answer: HttpAnswer) =>
  expect([answer.status, answer.text]).toEqual([
    expect.any(Number),
    expect.not.stringMatching(/function |\[native code\]|\[object /),
  ]);

describe.each(names)('the name %s', (name) => {
  const values = ['"y"', '1', 'null', '{"a":1}', '["a"]', 'true'];

  it('may be a property of a Livy session, and is shown there', async () => {
    const made = await send('POST', '/livy/sessions', `{"kind":"pyspark","conf":{"${name}":"y"}}`);
    expect(made.status).toBe(201);
    expect(made.text).toContain(`"conf":{"${name}":"y"}`);
    const batch = await send('POST', '/livy/batches', `{"file":"hdfs:/x.py","conf":{"${name}":"y"}}`);
    expect(batch.status).toBe(201);
    await alice.call('DELETE', `/sessions/${made.body.id}`);
    await alice.call('DELETE', `/batches/${batch.body.id}`);
  });

  it.each([
    ['POST', '/livy/sessions'],
    ['POST', '/livy/batches'],
    ['POST', '/api/v1/sessions'],
    ['POST', '/api/v1/jobs'],
    ['POST', '/api/v1/admin/tokens'],
    ['POST', '/api/v1/admin/instances'],
    ['POST', '/api/v1/admin/backends'],
    ['POST', '/api/v1/admin/clock'],
    ['PUT', '/nexosis/v1/data/sales'],
    ['POST', '/nexosis/v1/sessions/forecast'],
    ['POST', '/nexosis/v1/sessions/impact'],
    ['POST', '/nexosis/v1/sessions/model'],
    ['PUT', '/nexosis/v1/views/v'],
    ['POST', '/nexosis/v1/imports/url'],
  ])('causes no server error as a member of %s %s', async (method, path) => {
    for (const value of values) {
      const answer = await send(
        method,
        path,
        `{"${name}":${value}}`,
        path.includes('/admin/') ? adminToken : api,
      );
      expect(answer.status).toBeLessThan(500);
      expectClear(answer);
    }
  });

  it('causes no server error deeper in a body', async () => {
    const bodies: [string, string, string][] = [];
    const wrong: string[] = [];
    for (const value of values) {
      const it = `{"${name}":${value}}`;
      bodies.push(
        ...(['conf', 'jars', 'name', 'driverCores', 'ttl', 'kind'] as const).map(
          (member): [string, string, string] => ['POST', '/livy/sessions', `{"${member}":${it}}`],
        ),
        ['POST', '/livy/batches', `{"file":"hdfs:/x","args":${it}}`],
        ['POST', '/api/v1/sessions', `{"mode":"dedicated","max_ttl":${it}}`],
        ['POST', '/api/v1/sessions', `{"mode":${it}}`],
        ['POST', '/api/v1/jobs', `{"program_id":"scripted","backend":"b1","params":${it}}`],
        ['POST', '/api/v1/jobs', `{"program_id":"scripted","backend":"b1","params":{},"tags":${it}}`],
        ['POST', '/api/v1/jobs', `{"program_id":"scripted","backend":"b1","params":{},"runtime":${it}}`],
        ['POST', '/api/v1/admin/backends', `{"name":"x","driver":"scripted","options":${it}}`],
        ['POST', '/api/v1/admin/backends', `{"name":"x","driver":"spark","options":{"conf":${it}}}`],
        ['POST', '/api/v1/admin/backends', `{"name":"x","driver":"scripted","limits":${it}}`],
        ['POST', '/api/v1/admin/instances', `{"name":"x","plan":${it}}`],
        ['PUT', '/nexosis/v1/data/sales', `{"columns":${it},"data":[{"a":1}]}`],
        ['PUT', '/nexosis/v1/data/sales', `{"data":[${it}]}`],
        [
          'PUT',
          '/nexosis/v1/data/sales',
          `{"columns":{"${name}":{"dataType":"numeric","role":"target"}},"data":[${it}]}`,
        ],
        [
          'PUT',
          '/nexosis/v1/data/sales',
          `{"columns":{"a":{"dataType":${it},"role":${it}}},"data":[{"a":1}]}`,
        ],
        ['PUT', '/nexosis/v1/data/sales', `{"columns":{"a":${it}},"data":[{"a":${it}}]}`],
        ['PUT', '/nexosis/v1/views/v', `{"dataSetName":"sales","columns":${it}}`],
        ['PUT', '/nexosis/v1/views/v', `{"dataSetName":${it}}`],
        ['PUT', '/nexosis/v1/views/v', `{"dataSetName":"sales","joins":[${it}]}`],
        ['PUT', '/nexosis/v1/views/v', `{"dataSetName":"sales","joins":${it}}`],
        [
          'POST',
          '/nexosis/v1/sessions/forecast',
          `{"dataSourceName":${it},"startDate":${it},"endDate":${it}}`,
        ],
        ['POST', '/nexosis/v1/sessions/forecast', `{"dataSourceName":"sales","resultInterval":${it}}`],
        ['POST', '/nexosis/v1/sessions/model', `{"dataSourceName":"sales","predictionDomain":${it}}`],
        ['POST', '/nexosis/v1/imports/url', `{"dataSetName":"x","url":${it},"auth":${it}}`],
        ['POST', '/nexosis/v1/imports/s3', `{"dataSetName":"x","bucket":${it},"path":${it}}`],
        ['POST', '/api/v1/jobs', `{"program_id":${it},"backend":${it},"params":{}}`],
        ['POST', '/api/v1/jobs', `{"program_id":"scripted","backend":"b1","params":{},"tags":[${it}]}`],
        ['POST', '/api/v1/jobs', `{"program_id":"scripted","backend":"b1","params":{"outcome":${it}}}`],
        ['POST', '/livy/sessions', `{"jars":[${it}]}`],
        ['POST', '/livy/sessions', `{"conf":{"spark.x":${it}}}`],
        ['POST', '/api/v1/admin/backends', `{"name":"x","driver":"aer","options":{"device":${it}}}`],
        ['POST', '/api/v1/admin/backends', `{"name":"x","driver":"scripted","options":{"properties":${it}}}`],
        ['POST', '/api/v1/admin/tokens', `{"user":${it},"instance":"i","role":"user"}`],
        ['PUT', '/nexosis/v1/views/v', `{"dataSetName":"sales","joins":[{"dataSet":${it}}]}`],
        ['POST', '/nexosis/v1/sessions/forecast', `{"dataSourceName":"sales","columns":${it}}`],
        [
          'POST',
          '/nexosis/v1/sessions/model',
          `{"dataSourceName":"sales","predictionDomain":"regression","extraParameters":${it}}`,
        ],
      );
    }
    for (const [method, path, text] of bodies) {
      const answer = await send(method, path, text, path.includes('/admin/') ? adminToken : api);
      if (answer.status >= 500) wrong.push(`${method} ${path} ${text}: ${answer.status} ${answer.text}`);
      if (/livy\/(sessions|batches)/.test(path) && answer.status === 201)
        await send('DELETE', `${path}/${answer.body.id}`);
      if (path.endsWith('/sessions') && answer.body?.id !== undefined)
        await send('DELETE', `${path}/${answer.body.id}/close`);
    }
    expect(wrong).toEqual([]);
  }, 120_000);

  it('is an unknown value wherever a request names something', async () => {
    for (const [method, path, body] of [
      ['POST', '/livy/sessions', `{"kind":"${name}"}`],
      ['POST', '/livy/sessions', `{"conf":{"stint.backend":"${name}"}}`],
      ['POST', '/livy/sessions', `{"ttl":"1${name}"}`],
      ['GET', `/livy/sessions/${name}`],
      ['GET', `/livy/batches/${name}/log`],
      ['GET', `/livy/sessions?from=${name}`],
      ['POST', '/api/v1/jobs', `{"program_id":"${name}","backend":"b1","params":{}}`],
      ['POST', '/api/v1/jobs', `{"program_id":"scripted","backend":"${name}","params":{}}`],
      [
        'POST',
        '/api/v1/jobs',
        `{"program_id":"scripted","backend":"b1","params":{"duration":1,"outcome":"${name}"}}`,
      ],
      ['POST', '/api/v1/sessions', `{"mode":"${name}","backend":"b1"}`],
      ['GET', `/api/v1/jobs/${name}`],
      ['GET', `/api/v1/sessions/${name}`],
      ['GET', `/api/v1/backends/${name}/configuration`],
      ['GET', `/api/v1/jobs?sort=${name}`],
      ['GET', `/nexosis/v1/data/${name}`],
      ['GET', `/nexosis/v1/views/${name}`],
      ['GET', `/nexosis/v1/sessions/${name}`],
      ['GET', `/nexosis/v1/models/${name}`],
      ['GET', `/nexosis/v1/imports/${name}`],
      ['POST', '/nexosis/v1/sessions/forecast', `{"dataSourceName":"${name}"}`],
      ['POST', '/nexosis/v1/sessions/model', `{"dataSourceName":"sales","predictionDomain":"${name}"}`],
      ['POST', '/api/v1/admin/backends', `{"name":"y","driver":"${name}"}`],
      ['POST', '/api/v1/admin/backends', `{"name":"y","driver":"scripted","on_idle":"${name}"}`],
      ['POST', '/api/v1/admin/tokens', `{"user":"u","instance":"i","role":"${name}"}`],
      ['GET', `/api/v1/admin/sessions?state=${name}`],
      ['GET', `/api/v1/admin/ledger?kind=${name}`],
    ] as const) {
      const answer = await send(method, path, body, path.includes('/admin/') ? adminToken : api);
      if (answer.status >= 500 || (answer.status < 400 && !path.includes('?')))
        throw new Error(`${method} ${path} ${body}: ${answer.status} ${answer.text}`);
      expectClear(answer);
    }
  });

  it.each([
    `?${name}=1`,
    `?${name}[a]=1`,
    `?sortBy=${name}`,
    `?page=${name}`,
    `?fields=${name}`,
    `?aggregation=${name}`,
  ])('causes no server error in the query %s', async (query) => {
    for (const path of [
      ...[
        '/livy/sessions',
        '/livy/batches',
        '/livy/version',
        '/api/v1/jobs',
        '/api/v1/sessions',
        '/api/v1/backends',
      ],
      ...[
        '/nexosis/v1/data',
        '/nexosis/v1/sessions',
        '/nexosis/v1/models',
        '/nexosis/v1/views',
        '/nexosis/v1/imports',
      ],
    ]) {
      const answer = await send('GET', path + query);
      expect([path, answer.status < 500]).toEqual([path, true]);
      expectClear(answer);
    }
  });
});

describe('the data set column', () => {
  it.each(names)('%s has values like any other', async (name) => {
    const data = Array.from({ length: 3 }, (_, i) => `{"timestamp":"2020-01-0${i + 1}","${name}":"${i}.5"}`);
    const path = `/nexosis/v1/data/of_${name}`;
    const put = await send(
      'PUT',
      path,
      `{"columns":{"${name}":{"dataType":"numeric","role":"target"}},"data":[${data}]}`,
    );
    expect([put.status, put.text]).toEqual([201, expect.stringContaining(`"${name}":{`)]);
    const got = await send('GET', path);
    expect(got.text).toContain(`"${name}":"1.5"`);
    expect((await send('GET', `${path}?include=${name}`)).status).toBe(200);
    const wrong = await send('PUT', path, `{"columns":{"${name}":{"dataType":"${name}"}},"data":[${data}]}`);
    expect(wrong.status).toBe(400);
    const stats = await send('GET', `${path}/stats/${name}`);
    expect(stats.status).toBe(200);
  });
});
