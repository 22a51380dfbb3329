import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { givenLivy, livyUser, type LivyUser } from '../support/livy.js';
import type { TestService } from '../support/http.js';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'stint-rules-')));
const jars = join(root, 'jars');
for (const dir of [jars, join(root, 'secret')]) mkdirSync(dir);
for (const file of ['jars/x.jar', 'jars/x.py', 'secret/key']) writeFileSync(join(root, file), '');
symlinkSync(join(root, 'secret/key'), join(jars, 'key.py'));

let stint: TestService;
let alice: LivyUser;
beforeAll(async () => {
  const options = {
    local_dirs: [jars],
    blocked_conf: ['spark.driver.memory'],
    sql_rows: 50,
    max_sql_rows: 5000,
  };
  stint = await givenLivy({}, { options });
  alice = await livyUser(stint);
});
afterAll(async () => {
  const { body } = await alice.call('GET', '/sessions');
  for (const { id } of body.sessions as { id: number }[]) await alice.call('DELETE', `/sessions/${id}`);
  await stint.close();
  rmSync(root, { recursive: true });
});

/** Returns the settings that the process of the only session received. */
function settings(): Record<string, unknown> {
  const spark = join(stint.folder, 'spark');
  const [folder = ''] = readdirSync(spark);
  return JSON.parse(readFileSync(join(spark, folder, 'settings.json'), 'utf8')) as Record<string, unknown>;
}

describe('the rows of SQL answers', () => {
  it.each([
    [{}, 50],
    [{ 'livy.rsc.sql.num-rows': 7 }, 7],
    [{ 'livy.rsc.sql.num-rows': '5000' }, 5000],
  ])('of a session with conf %j are at most %i', async (conf, rows) => {
    const id = await alice.session({ kind: 'sql', conf });
    expect(settings()).toMatchObject({ sql_rows: rows });
    await alice.call('DELETE', `/sessions/${id}`);
  });

  it.each(['5001', '0', 'all'])('cannot be limited to %s by a session', async (rows) => {
    const refused = await alice.call('POST', '/sessions', { conf: { 'livy.rsc.sql.num-rows': rows } });
    expect([refused.status, refused.body.msg]).toEqual([
      400,
      expect.stringMatching(
        /^Rejected, Reason: .*num-rows must be a whole number from 1 to 5000, not.*max_sql_rows/,
      ),
    ]);
  });

  it.each([
    [{ sql_rows: 0 }, /options\.sql_rows must be a whole number above zero/],
    [{ sql_rows: '5' }, /options\.sql_rows must be a whole number above zero/],
    [{ sql_rows: 100_001 }, /sql_rows of 100001 is more than max_sql_rows of 100000/],
    [{ sql_rows: 6, max_sql_rows: 5 }, /sql_rows of 6 is more than max_sql_rows of 5/],
  ])('cannot be limited by the backend options %j', async (options, message) => {
    const made = await stint.admin.post('/admin/backends', { name: 'other', driver: 'spark', options });
    expect([made.status, made.text]).toEqual([400, expect.stringMatching(message)]);
  });
});

describe("the operator's rules", () => {
  it('apply to a field and to the Spark property that it sets', async () => {
    for (const fields of [{ driverMemory: '9g' }, { conf: { 'spark.driver.memory': '9g' } }])
      for (const [path, more] of [
        ['/sessions', {}],
        ['/batches', { file: 'hdfs:/x.py' }],
      ] as const) {
        const refused = await alice.call('POST', path, { ...fields, ...more });
        expect([refused.status, refused.body.msg]).toEqual([
          400,
          expect.stringMatching(/^Rejected, Reason: Blacklisted configuration values in session config: /),
        ]);
      }
  });

  it.each([
    [{ jars: ['/etc/passwd'] }],
    [{ jars: [`${jars}/key.py`] }],
    [{ pyFiles: [`file:${jars}/%2e%2e/secret/key`] }],
    [{ conf: { 'spark.driver.extraClassPath': '/etc' } }],
    [{ conf: { 'spark.driver.extraClassPath': `${jars}/../secret` } }],
    [{ conf: { 'spark.driver.extraJavaOptions': '-javaagent:/etc/x.jar' } }],
  ])('apply to files: %j', async (fields) => {
    for (const [path, more] of [
      ['/sessions', {}],
      ['/batches', { file: 'hdfs:/x.py' }],
    ] as const) {
      const refused = await alice.call('POST', path, { ...fields, ...more });
      expect([refused.status, refused.body.msg]).toEqual([
        400,
        expect.stringMatching(/^Rejected, Reason: requirement failed: /),
      ]);
    }
  });

  it('apply to the file of a batch, and the refusal names local_dirs', async () => {
    for (const file of ['/etc/passwd', `${jars}/key.py`, `file:${jars}/%2e%2e/secret/key`]) {
      const refused = await alice.call('POST', '/batches', { file });
      expect([refused.status, refused.body.msg]).toEqual([
        400,
        expect.stringContaining(`local_dirs (${jars})`),
      ]);
    }
    const made = await alice.call('POST', '/batches', { file: `${jars}/x.py` });
    expect(made.status).toBe(201);
    await alice.call('DELETE', `/batches/${made.body.id}`);
  });

  it('allow a session to use files from local_dirs', async () => {
    const id = await alice.session({ jars: [`file:${jars}/x.jar`], pyFiles: [`${jars}/x.py`] });
    expect(settings()).toMatchObject({ jars: [`file://${jars}/x.jar`], py_files: [`${jars}/x.py`] });
    await alice.call('DELETE', `/sessions/${id}`);
  });
});

describe('a refusal in the Livy dialect', () => {
  it('by a draining session contains no words of other dialects', async () => {
    const id = await alice.session();
    const [{ id: uuid }] = (await stint.admin.get('/admin/sessions?backend=spark&state=active')).body
      .sessions;
    await stint.as(alice.token).patch(`/sessions/${uuid}`, { accepting_jobs: false });
    const refused = await alice.call('POST', `/sessions/${id}/statements`, { code: '1' });
    expect(refused.status).toBe(400);
    expect(refused.body.msg).not.toMatch(/PATCH|accepting_jobs|\bjobs?\b|[0-9a-f]{8}-/);
    await alice.call('DELETE', `/sessions/${id}`);
  });

  it('by a plan without interactive sessions suggests a batch', async () => {
    await stint.admin.post('/admin/instances', { name: 'small', plan: { modes: [] } });
    const eve = await livyUser(stint, 'eve', 'small');
    const refused = await eve.call('POST', '/sessions', {});
    expect([refused.status, refused.body.msg]).toEqual([
      400,
      'The plan of instance small does not allow interactive sessions. Submit a batch instead.',
    ]);
  });
});
