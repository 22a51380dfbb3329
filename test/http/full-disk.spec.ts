import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { nexosisStore } from '../../src/dialects/nexosis/storage/store.js';
import { STORE, type Store } from '../../src/scheduler/ports.js';
import { LivyConfig } from '../../src/dialects/livy/settings.js';
import { fakeDriver } from '../support/livy.js';
import { adminToken, givenBackend, TestService } from '../support/http.js';

/** The database handle of the service's store, which is not part of the store's interface. */
interface Inside {
  readonly diskFailure: string | null;
  readonly queue: { readonly sql: { all(sql: string): Promise<readonly Record<string, number>[]> } };
}

let stint: TestService;
let pragma: (pragmaText: string) => Promise<number>;
beforeAll(async () => {
  stint = await TestService.start({
    spark_python: fakeDriver,
    learner_python: join(import.meta.dirname, '../support/fake-learner.mjs'),
    livy: new LivyConfig(),
    backends: [
      givenBackend({ name: 'b1' }),
      givenBackend({ name: 'spark', driver: 'spark', slots: 2 }),
      givenBackend({ name: 'learner', driver: 'learner' }),
    ],
  });
  const { queue } = stint.service.app.get<Inside>(STORE);
  pragma = async (pragmaText) =>
    Object.values((await queue.sql.all(`PRAGMA ${pragmaText}`))[0] ?? {})[0] ?? 0;
});
afterAll(() => stint.close());

const large = 'x'.repeat(300_000);
const call = (method: string, path: string, body: unknown) =>
  stint.call(method, path, { token: adminToken, body });
const submits = {
  'a job': () => call('POST', '/api/v1/jobs', { program_id: 'scripted', backend: 'b1', params: { large } }),
  'a Livy session': () =>
    call('POST', '/livy/sessions', { kind: 'pyspark', conf: { 'spark.app.note': large } }),
  'a Livy batch': () => call('POST', '/livy/batches', { file: 'hdfs:/a.py', args: [large] }),
  'a data set': () => call('PUT', '/nexosis/v1/data/large', { data: [{ text: large }, { text: 'a' }] }),
};
/** Returns the error text from an answer of any dialect. */
const messageIn: Record<keyof typeof submits, (body: ErrorBody) => string | undefined> = {
  'a job': (body) => body.errors?.[0]?.message,
  'a Livy session': (body) => body.msg,
  'a Livy batch': (body) => body.msg,
  'a data set': (body) => body.message,
};
interface ErrorBody {
  readonly errors?: readonly { readonly message: string }[];
  readonly msg?: string;
  readonly message?: string;
}

describe('with a full disk,', () => {
  // SQLite then refuses the next page with its error for a full disk.
  beforeEach(async () => {
    await pragma(`max_page_count = ${await pragma('page_count')}`);
  });

  it.each(Object.keys(submits) as (keyof typeof submits)[])(
    '%s is refused with 507 and the reason, and is accepted once there is space',
    async (what) => {
      const refused = await submits[what]();
      expect([refused.status, messageIn[what](refused.body as ErrorBody)]).toEqual([
        507,
        'The service could not write to the disk of its data folder (database or disk is full), so it stored nothing. ' +
          'Tell its operator; repeat the request when the disk has room.',
      ]);
      await pragma('max_page_count = 1000000');
      const again = await submits[what]();
      expect(again.status < 300 ? '' : again.text).toBe('');
    },
  );

  it('the name of an upload that failed halfway can be used again', async () => {
    await pragma('max_page_count = 1000000');
    const store = stint.service.app.get<Store>(STORE);
    const { id: instance } = (await store.read.instances())[0] ?? { id: '' };
    await store.write((tx) =>
      nexosisStore(tx).dataSets.insert({
        ...{ instance, name: 'left', columns: [], missingValues: [], user: null, state: 'new' },
        ...{ rowCount: 0, size: 0, createdAt: 0, modifiedAt: 0 },
      }),
    );
    const { status, text } = await call('PUT', '/nexosis/v1/data/left', { data: [{ n: '1' }] });
    expect(status < 300 ? '' : text).toBe('');
  });

  it('the service is ready again once there is space', async () => {
    const ready = () => stint.call('GET', '/health/ready', { token: null });
    await submits['a job']();
    expect(stint.service.app.get<Inside>(STORE).diskFailure).toBe('database or disk is full');
    await pragma('max_page_count = 1000000');
    expect((await ready()).status).toBe(200);
  });
});
