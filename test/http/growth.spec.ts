import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { adminCases } from '../support/growing/admin.js';
import { call, until, wide, type Given } from '../support/growing/given.js';
import { livyCases } from '../support/growing/livy.js';
import { nexosisCases, uploadCases } from '../support/growing/nexosis.js';
import { qiskitCases } from '../support/growing/qiskit.js';
import type { Store } from '../../src/scheduler/ports.js';
import { growthOf, table, type Growing, type Growth } from '../support/growth.js';
import { Steps } from '../support/steps.js';

/** `STINT_GROWTH=long` uses inputs that are eight times as large, and three rounds (`npm run check:long growth`). */
const isLong = process.env['STINT_GROWTH'] === 'long';
const [size, rounds] = isLong ? [8, 3] : [1, 1];

/** Largest exponent. Quadratic work has 2, linear work 1, and less if part of the work is constant. */
const maxExponent = 1.5;

const steps = new Steps();
const all: Growth[] = [];
const files = createServer((_, answer) => answer.end('c0\n1\n'));
const given = {} as { -readonly [name in keyof Given]: Given[name] };
let documented: string[];

beforeAll(async () => {
  steps.begin();
  const { adminToken, givenBackend, TestService } = await import('../support/http.js');
  const { NexosisConfig } = await import('../../src/dialects/nexosis/settings.js');
  await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
  const stint = await TestService.start({
    spark_python: join(import.meta.dirname, '../support/fake-driver.mjs'),
    learner_python: join(import.meta.dirname, '../support/fake-learner.mjs'),
    nexosis: Object.assign(new NexosisConfig(), { import_hosts: ['127.0.0.1'] }),
    backends: [
      givenBackend({ name: 'b1' }),
      givenBackend({ name: 'spark', driver: 'spark' }),
      givenBackend({ name: 'full', driver: 'spark' }),
      givenBackend({ name: 'learner', driver: 'learner' }),
      givenBackend({ name: 'predictor', driver: 'learner', options: { predict: true } }),
    ],
  });
  const { port } = files.address() as AddressInfo;
  const { STORE } = await import('../../src/scheduler/ports.js');
  const { RowThreads } = await import('../../src/dialects/nexosis/data/row-threads.js');
  // Steps are counted on this thread only.
  stint.service.app.get(RowThreads, { strict: false }).from = Infinity;
  const store = stint.service.app.get<Store>(STORE, { strict: false });
  Object.assign(given, { stint, store, token: adminToken, csv: `http://127.0.0.1:${port}` });
  await stint.user('alice', 'lab-a');
  await givenWork();
  const { body } = await stint.call('GET', '/api/v1/docs/openapi.json');
  documented = operationsIn(body as Document);
});
afterAll(async () => {
  process.stdout.write(`\n${table(all)}\n`);
  steps.end();
  files.close();
  await given.stint.close();
});

async function givenWork(): Promise<void> {
  const { stint } = given;
  const made = async (method: string, path: string, body: object) => {
    const answer = await call(given, method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.text}`);
    return answer.body;
  };
  const job = { program_id: 'scripted', backend: 'b1', params: { duration: 1e6 } };
  given.job = (await made('POST', '/api/v1/jobs', job)).id;
  given.session = (await made('POST', '/api/v1/sessions', { backend: 'b1' })).id;
  const spark = (backend: string) =>
    made('POST', '/livy/sessions', { kind: 'pyspark', conf: { 'stint.backend': backend } });
  given.livy = (await spark('spark')).id;
  const full = (await spark('full')).id;
  for (const id of [given.livy, full])
    await until(
      () => stint.call('GET', `/livy/sessions/${id}`),
      ({ body }) => body.state === 'idle',
    );
  const days = Array.from({ length: 10 }, (_, i) => `2017-01-${String(i + 1).padStart(2, '0')}`);
  const root = '/nexosis/v1';
  await made('PUT', `${root}/data/wide`, {
    data: days.map((day, i) => ({ day, sales: i, ...wide(i === 0 ? 4000 : 1) })),
    columns: { day: { role: 'timestamp' }, sales: { role: 'target' } },
  });
  for (const name of ['left', 'right']) await made('PUT', `${root}/data/${name}`, { data: [wide(1000)] });
  await made('PUT', `${root}/data/narrow`, { data: [wide(1)] });
  await made('PUT', `${root}/data/petals`, { data: days.map((_, i) => ({ petal: i, width: i / 10 })) });
  const model = { dataSourceName: 'petals', predictionDomain: 'regression', targetColumn: 'width' };
  const { sessionId } = await made('POST', `${root}/sessions/model`, model);
  const { body } = await until(
    () => call(given, 'GET', `${root}/sessions/${sessionId}`),
    ({ body }) => body.status === 'completed',
  );
  given.model = body.modelId;
}

type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { requestBody?: object }>>>>;
};

const operationsIn = ({ paths }: Document): string[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { requestBody }]) => requestBody !== undefined)
      .map(([method]) => `${method.toUpperCase()} ${path}`),
  );

/** Other addresses of the same controllers. A measurement at one address holds for all. */
const mirrored = /^(\w+) (?:\/experimental\/api|)\/v1\//;

const cases: Growing[] = [
  ...qiskitCases(given, size),
  ...adminCases(given),
  ...livyCases(given, size),
  ...uploadCases(given, size),
  ...nexosisCases(given, size),
];

describe('the work for a request grows no faster than its input:', () => {
  it('every operation with a body is measured', () => {
    const measured = new Set(cases.map(({ operation }) => operation));
    const known = documented.map((operation) => operation.replace(mirrored, '$1 /api/v1/'));
    expect(known.length).toBeGreaterThan(25);
    expect(new Set(known)).toEqual(measured);
  });

  it.each(cases.map((each) => [`${each.operation}, ${each.shape}`, each] as const))('%s', async (_, each) => {
    const growth = await growthOf(each, steps, rounds, maxExponent);
    all.push(growth);
    for (const { status, text } of growth.answers) {
      expect([status, text]).toEqual([each.status, expect.stringMatching(each.says ?? /^/)]);
    }
    const { ofSteps, ofTime } = growth;
    expect(ofSteps ?? 0).toBeLessThan(maxExponent);
    expect(ofTime ?? 0).toBeLessThan(maxExponent);
    // If the input is processed, each of the n items takes at least one step.
    const [first = 0, , last = 0] = growth.steps;
    if (each.byNode === undefined) expect(last - first >= 3 * each.from).toBe(!each.stops);
  });
});
