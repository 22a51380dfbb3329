import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { LivyConfig } from '../../src/dialects/livy/settings.js';
import { NexosisConfig } from '../../src/dialects/nexosis/settings.js';
import { eventually } from '../support/eventually.js';
import { adminToken, bearer, givenBackend, TestService } from '../support/http.js';
import { fakeDriver } from '../support/livy.js';
import { sales } from '../support/nexosis.js';
import { Proxy } from '../support/proxy.js';

const project = join(import.meta.dirname, '../..');
let stint: TestService;
let proxy: Proxy;
let files: Server;
let livySession: number;

beforeAll(async () => {
  files = createServer((_, response) => response.end('a,b\n1,2\n'));
  await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
  stint = await TestService.start({
    spark_python: fakeDriver,
    learner_python: join(project, 'test/support/fake-learner.mjs'),
    nexosis: Object.assign(new NexosisConfig(), { import_hosts: ['127.0.0.1'] }),
    backends: [
      givenBackend({ name: 'b1' }),
      Object.assign(givenBackend({ name: 'spark', driver: 'spark', slots: 4 }), {
        ...{ on_idle: 'close', options: { local_dirs: ['/srv'] } },
      }),
      givenBackend({ name: 'learner', driver: 'learner', lanes: 2 }),
    ],
  });
  proxy = await Proxy.before(stint.url);
  const upload = { headers: { 'content-type': 'text/csv' }, body: sales(60) };
  await stint.call('PUT', '/nexosis/v1/data/shop', upload);
  livySession = (await stint.call('POST', '/livy/sessions', { body: { kind: 'pyspark' } })).body.id as number;
});
afterAll(async () => {
  const { body } = await stint.call('GET', '/livy/sessions');
  for (const { id } of body.sessions as { id: number }[]) await stint.call('DELETE', `/livy/sessions/${id}`);
  await proxy.close();
  await stint.close();
  await new Promise((resolve) => files.close(resolve));
});
afterEach(() => void (proxy.losing = 0));

/** Sends a POST through the proxy. Returns null if there was no answer. */
async function post(path: string, body: unknown, key?: string): Promise<string | null> {
  const headers = {
    ...bearer(adminToken),
    'content-type': 'application/json',
    ...(key !== undefined && { 'idempotency-key': key }),
  };
  const sent = fetch(proxy.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = await sent.catch(() => null);
  if (answer === null) return null;
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  const made = (await answer.json()) as Record<string, unknown>;
  return String(made['id'] ?? made['sessionId'] ?? made['importId']);
}

/** Counts objects by their list. */
const counts: Readonly<Record<string, () => Promise<number>>> = {
  jobs: async () => (await stint.admin.get('/jobs')).body.count as number,
  sessions: async () => ((await stint.admin.get('/sessions')).body.sessions as unknown[]).length,
  livySessions: async () => (await stint.call('GET', '/livy/sessions')).body.total as number,
  statements: async () =>
    (await stint.call('GET', `/livy/sessions/${livySession}/statements`)).body.total_statements as number,
  batches: async () => (await stint.call('GET', '/livy/batches')).body.total as number,
  learning: async () => (await stint.call('GET', '/nexosis/v1/sessions')).body.totalCount as number,
  imports: async () => (await stint.call('GET', '/nexosis/v1/imports')).body.totalCount as number,
};

const forecast = {
  ...{ dataSourceName: 'shop', targetColumn: 'sales', resultInterval: 'day' },
  ...{ startDate: '2017-03-02', endDate: '2017-03-05' },
};

const submits: [string, keyof typeof counts, () => string, () => object][] = [
  [
    'POST /jobs',
    'jobs',
    () => '/api/v1/jobs',
    () => ({ program_id: 'scripted', backend: 'b1', params: { duration: 1 } }),
  ],
  ['POST /sessions', 'sessions', () => '/api/v1/sessions', () => ({ backend: 'b1', mode: 'batch' })],
  ['POST /livy/sessions', 'livySessions', () => '/livy/sessions', () => ({ kind: 'pyspark' })],
  [
    'POST /livy statements',
    'statements',
    () => `/livy/sessions/${livySession}/statements`,
    () => ({ code: 'x' }),
  ],
  ['POST /livy/batches', 'batches', () => '/livy/batches', () => ({ file: 'hdfs:/count.py' })],
  ['POST /nexosis forecast', 'learning', () => '/nexosis/v1/sessions/forecast', () => forecast],
  [
    'POST /nexosis imports',
    'imports',
    () => '/nexosis/v1/imports/url',
    () => ({
      dataSetName: 'fetched',
      url: `http://127.0.0.1:${(files.address() as AddressInfo).port}/f.csv`,
    }),
  ],
];

describe('a proxy that receives the answer and loses its client', () => {
  it.each(submits)(
    'causes no duplicate if the client sends an idempotency key: %s',
    async (_, kind, path, body) => {
      const count = counts[kind] as () => Promise<number>;
      const before = await count();
      proxy.losing = 2;
      const key = `key-${kind}`;
      expect(await post(path(), body(), key)).toBeNull();
      expect(await post(path(), body(), key)).toBeNull();
      const made = await post(path(), body(), key);
      expect(await post(path(), body(), key)).toBe(made);
      expect(await count()).toBe(before + 1);
    },
  );

  it('causes a duplicate without a key, because the answer was delivered', async () => {
    const count = counts['jobs'] as () => Promise<number>;
    const before = await count();
    const job = { program_id: 'scripted', backend: 'b1', params: { duration: 2 } };
    proxy.losing = 1;
    expect(await post('/api/v1/jobs', job)).toBeNull();
    await eventually('a second job', async () => {
      await post('/api/v1/jobs', job);
      return (await count()) === before + 2;
    });
  });
});

describe('the X-Forwarded headers of a proxy', () => {
  const linkThrough = async (via: string) => {
    const answer = await fetch(`${via}/nexosis/v1/data`, { headers: bearer(adminToken) });
    return ((await answer.json()) as { links: { href: string }[] }).links[0]?.href;
  };

  it.each([[['127.0.0.1']], [['loopback']], [['10.0.0.0/8', '127.0.0.0/8']]])(
    'are used if the trusted proxies are %j',
    async (trusted_proxies) => {
      const trusting = await TestService.start({ trusted_proxies });
      const front = await Proxy.before(trusting.url);
      expect(await linkThrough(front.url)).toMatch(/^https:\/\/stint\.example\.org\/nexosis\/v1\/data/);
      await front.close();
      await trusting.close();
    },
  );

  it.each<Record<string, string>>([
    { 'x-forwarded-proto': 'javascript' },
    { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil"><script>/' },
    { 'x-forwarded-host': 'a.example/path?' },
  ])('never put an invalid address into links: %j', async (headers) => {
    const trusting = await TestService.start({ trusted_proxies: ['loopback'] });
    const { token } = await trusting.user('ann');
    const answer = await trusting.call('GET', '/nexosis/v1/data', {
      ...{ token: null, headers: { 'api-key': token, ...headers } },
    });
    expect(answer.body.links[0].href).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/nexosis\/v1\/data/);
    await trusting.close();
  });

  it.each([[[]], [['10.0.0.0/8', '127.0.0.2']]])(
    'are ignored if the trusted proxies are %j',
    async (trusted_proxies) => {
      const wary = await TestService.start({ trusted_proxies });
      const front = await Proxy.before(wary.url);
      const href = await linkThrough(front.url);
      expect(href).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/nexosis\/v1\/data/);
      await front.close();
      await wary.close();
    },
  );
});

describe("Livy's own port with an anonymous user", () => {
  it('requires credentials from clients behind a proxy', async () => {
    const livy = Object.assign(new LivyConfig(), { port: 0, anonymous: { user: 'ann', instance: 'lab-a' } });
    const local = await TestService.start({ livy, trusted_proxies: ['127.0.0.1'] });
    const url = `${local.ownUrl('Livy')}/sessions`;
    const ask = async (headers: Record<string, string>) => (await fetch(url, { headers })).status;
    expect(await ask({})).toBe(200);
    for (const header of ['x-forwarded-for', 'x-forwarded-host', 'forwarded', 'x-real-ip', 'via'])
      expect([header, await ask({ [header]: '127.0.0.1' })]).toEqual([header, 401]);
    await local.close();
  });
});
