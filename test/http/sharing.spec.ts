import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { fakeDriver, livyUser } from '../support/livy.js';
import { givenAccount } from '../support/nexosis.js';
import { errorOf, givenBackend, TestService } from '../support/http.js';

/** Alice and bob belong to one instance, whose sharing the tests set. The service speaks all dialects. */
let stint: TestService;
let alice: Awaited<ReturnType<TestService['user']>>;
let bob: typeof alice;
beforeAll(async () => {
  const spark = givenBackend({ name: 'spark', driver: 'spark', slots: 2, on_idle: 'close' });
  stint = await TestService.start({
    spark_python: fakeDriver,
    learner_python: join(import.meta.dirname, '../support/fake-learner.mjs'),
    backends: [
      givenBackend({ name: 'b1', slots: 4 }),
      givenBackend({ name: 'learner', driver: 'learner', lanes: 2 }),
      spark,
    ],
  });
  alice = await stint.user('alice', 'lab-a');
  bob = await stint.user('bob', 'lab-a');
});
afterAll(() => stint.close());

const share = async (sharing: string) =>
  expect((await stint.admin.patch('/admin/instances/lab-a', { sharing })).body).toMatchObject({ sharing });
const opened = async (mode = 'batch', user = alice) =>
  ((await user.post('/sessions', { backend: 'b1', mode })).body as { id: string }).id;
const job = (more: object = {}) => ({
  ...{ program_id: 'scripted', backend: 'b1', params: { duration: 0, result: { secret: 42 } }, ...more },
});
const submitted = async (more: object = {}, user = alice) =>
  ((await user.post('/jobs', job(more))).body as { id: string }).id;
const status = async (answer: Promise<{ status: number }>) => (await answer).status;

describe('the sharing of an instance', () => {
  it('is "see" by default', async () => {
    const made = await stint.admin.post('/admin/instances', { name: 'new' });
    expect(made.body).toMatchObject({ sharing: 'see' });
    const strict = await stint.admin.post('/admin/instances', { name: 'strict', sharing: 'private' });
    expect(strict.body).toMatchObject({ sharing: 'private' });
    expect(errorOf(await stint.admin.patch('/admin/instances/new', { sharing: 'all' }))).toMatchObject({
      status: 400,
      message: expect.stringMatching(/^sharing must be one of .*private, see, use/),
    });
  });
});

describe('with "see", colleagues see, and only the owner and admins change, run or consume:', () => {
  beforeAll(() => share('see'));

  it('a colleague can list a job and read it, its log and its result', async () => {
    const id = await submitted();
    expect(await status(bob.get(`/jobs/${id}`))).toBe(200);
    expect((await bob.get(`/jobs/${id}/results`)).text).toContain('42');
    expect(await status(bob.get(`/jobs/${id}/logs`))).toBe(200);
    expect(JSON.stringify((await bob.get('/jobs')).body)).toContain(id);
  });

  it('a private result is refused to a colleague, and the owner can still read it', async () => {
    const id = await submitted({ private: true });
    expect(errorOf(await bob.get(`/jobs/${id}/results`))).toMatchObject({
      status: 403,
      message: `Job ${id} is alice's: only alice or an admin may read its result, which can be read once.`,
    });
    expect((await alice.get(`/jobs/${id}/results`)).text).toContain('42');
    expect((await alice.get(`/jobs/${id}/results`)).text).toBe('');
  });

  it('a colleague cannot run jobs in the session, resume it or change tags', async () => {
    const session = await opened();
    const id = await submitted({ session_id: session, tags: ['mine'] });
    const refused = await bob.post('/jobs', job({ session_id: session }));
    expect(errorOf(refused)).toMatchObject({
      ...{
        status: 403,
        message: `Session ${session} is alice's: only alice or an admin may run jobs in it.`,
      },
      solution: expect.stringContaining('sharing: use'),
    });
    expect(await status(bob.put(`/jobs/${id}/tags`, { tags: [] }))).toBe(403);
    expect(await status(bob.patch(`/sessions/${session}`, { accepting_jobs: true }))).toBe(403);
    expect(await status(bob.patch(`/sessions/${session}`, { accepting_jobs: false }))).toBe(403);
    expect((await alice.get(`/jobs/${id}`)).body).toMatchObject({ tags: ['mine'] });
    expect((await alice.get(`/jobs?session_id=${session}`)).body).toMatchObject({ count: 1 });
  });

  it('an admin can run jobs and read private results', async () => {
    const session = await opened();
    const admin = { ...job({ session_id: session }) };
    expect(await status(stint.admin.post('/jobs', admin))).toBe(200);
    const id = await submitted({ private: true });
    expect((await stint.admin.get(`/jobs/${id}/results`)).text).toContain('42');
  });

  it('in Livy, a colleague can see statements, but not run or complete code', async () => {
    const [ann, ben] = [await livyUser(stint, 'alice'), await livyUser(stint, 'bob')];
    const id = await ann.session();
    await ann.call('POST', `/sessions/${id}/statements`, { code: '1 + 1' });
    expect(await status(ben.call('GET', `/sessions/${id}`))).toBe(200);
    expect((await ben.call('GET', `/sessions/${id}/statements`)).body).toMatchObject({ total_statements: 1 });
    expect(await ben.call('POST', `/sessions/${id}/statements`, { code: 'steal()' })).toMatchObject({
      status: 403,
      body: {
        msg: expect.stringContaining(`Session ${id} is alice's: only alice or an admin may run statements`),
      },
    });
    const completion = { code: 'st', kind: 'pyspark' };
    expect(await status(ben.call('POST', `/sessions/${id}/completion`, completion))).toBe(403);
    expect(await status(ben.call('POST', `/sessions/${id}/connect`))).toBe(403);
    expect(await status(ben.call('DELETE', `/sessions/${id}`))).toBe(403);
    expect((await ann.call('GET', `/sessions/${id}/statements`)).body).toMatchObject({ total_statements: 1 });
    await ann.call('DELETE', `/sessions/${id}`);
  });

  it('in Nexosis, everyone can change data sets and views, and only their creator can delete them', async () => {
    const [ann, ben] = [
      await givenAccount(stint, 'alice', 'lab-a'),
      await givenAccount(stint, 'bob', 'lab-a'),
    ];
    await ann.putCsv('data/shop', 'timestamp,sales\n2026-01-01,1\n2026-01-02,2\n');
    expect(await status(ben.putCsv('data/shop', 'timestamp,sales\n2026-01-03,3\n'))).toBe(201);
    expect((await ben.get('data/shop')).body).toMatchObject({ totalCount: 3 });
    const view = { dataSetName: 'shop', columns: {} };
    expect(await status(ann.put('views/sights', view))).toBeLessThan(300);
    expect(await status(ben.put('views/sights', view))).toBeLessThan(300);
    expect(await ben.delete('data/shop')).toMatchObject({
      ...{
        status: 403,
        body: { message: "Data set shop is alice's: it is theirs to delete, or an admin's." },
      },
    });
    expect(await status(ben.delete('views/sights'))).toBe(403);
    expect(await status(ben.delete('data/shop?cascade=session,view'))).toBe(403);
    expect(await status(ann.get('views/sights'))).toBe(200);
    expect(await status(ann.delete('data/shop?cascade=view'))).toBe(204);
  });

  it('in Nexosis, only the owner can delete sessions, and a request for several with one of a colleague deletes none', async () => {
    const [ann, ben] = [
      await givenAccount(stint, 'alice', 'lab-a'),
      await givenAccount(stint, 'bob', 'lab-a'),
    ];
    const rows = Array.from({ length: 28 }, (_, i) => `2026-01-${String(i + 1).padStart(2, '0')},${i}`);
    await ann.putCsv('data/both', `timestamp,sales\n${rows.join('\n')}\n`);
    const query = 'dataSourceName=both&targetColumn=sales&startDate=2026-01-29&endDate=2026-01-31';
    const ids: string[] = [];
    for (const each of [ann, ben]) {
      const started = await each.post(`sessions/forecast?${query}`);
      expect(started.text).toContain('sessionId');
      ids.push(started.body.sessionId as string);
    }
    for (const [i, each] of [ann, ben].entries()) await each.ended(ids[i] ?? '');
    expect(await status(ben.delete(`sessions/${ids[0]}`))).toBe(403);
    expect(await status(ben.delete('sessions?dataSourceName=both'))).toBe(403);
    expect((await ben.get('sessions?dataSourceName=both')).body).toMatchObject({ totalCount: 2 });
    expect(await status(ben.delete(`sessions/${ids[1]}`))).toBe(204);
    expect(await status(ann.delete('data/both?cascade=session'))).toBe(204);
  });
});

describe('with "use", colleagues also run, change and consume:', () => {
  beforeAll(() => share('use'));

  it('a job in the session of a colleague is charged to the owner, and the event log names the colleague', async () => {
    const session = await opened();
    const id = await submitted({ session_id: session, params: { duration: 7 } }, bob);
    await stint.advance(7);
    expect((await alice.get(`/jobs/${id}`)).body).toMatchObject({ user_id: 'bob' });
    const { entries } = (await stint.admin.get('/admin/ledger?backend=b1')).body as {
      entries: { user: string; job_id: string; charged_seconds: number }[];
    };
    const charges = entries.filter(({ job_id }) => job_id === id);
    expect(charges).toMatchObject([{ user: 'alice', session_id: session, charged_seconds: 7 }]);
    const { events } = (await alice.get(`/sessions/${session}/events`)).body as {
      events: { type: string; job_id: string; actor: string }[];
    };
    expect(events.find(({ type, job_id }) => type === 'job.queued' && job_id === id)).toMatchObject({
      actor: 'user bob',
    });
  });

  it('the owner of the session can cancel the job of a colleague', async () => {
    const session = await opened();
    const id = await submitted({ session_id: session, params: { duration: 60 } }, bob);
    expect(await status(alice.post(`/jobs/${id}/cancel`))).toBe(204);
  });

  it('a colleague can read a private result once and replace tags', async () => {
    const id = await submitted({ private: true });
    expect((await bob.get(`/jobs/${id}/results`)).text).toContain('42');
    expect((await alice.get(`/jobs/${id}/results`)).text).toBe('');
    expect(await status(bob.put(`/jobs/${id}/tags`, { tags: ['ours'] }))).toBe(204);
  });

  it('but a colleague cannot close, cancel or delete', async () => {
    const session = await opened();
    const id = await submitted({ session_id: session, params: { duration: 60 } });
    expect(await status(bob.post(`/jobs/${id}/cancel`))).toBe(403);
    expect(await status(bob.delete(`/sessions/${session}/close`))).toBe(403);
    expect(await status(bob.patch(`/sessions/${session}`, { accepting_jobs: false }))).toBe(403);
    await alice.post(`/jobs/${id}/cancel`);
    expect(await status(bob.delete(`/jobs/${id}`))).toBe(403);
  });

  it('in Livy, a colleague can run a statement', async () => {
    const [ann, ben] = [await livyUser(stint, 'alice'), await livyUser(stint, 'bob')];
    const id = await ann.session();
    expect(await status(ben.call('POST', `/sessions/${id}/statements`, { code: '1 + 1' }))).toBe(201);
    await ann.call('DELETE', `/sessions/${id}`);
  });
});

describe('with "private", jobs and results of others are hidden:', () => {
  beforeAll(() => share('private'));

  it('a job of a colleague is not found and not listed, but its session is visible', async () => {
    const session = await opened();
    const id = await submitted({ session_id: session });
    const lone = await submitted({}, bob);
    for (const path of ['', '/results', '/logs', '/metrics'])
      expect(errorOf(await bob.get(`/jobs/${id}${path}`))).toMatchObject({ status: 404 });
    const { jobs, count } = (await bob.get('/jobs')).body as { jobs: { user_id: string }[]; count: number };
    expect(jobs.length).toBe(count);
    expect(new Set(jobs.map(({ user_id }) => user_id))).toEqual(new Set(['bob']));
    expect(await status(bob.get(`/jobs/${lone}`))).toBe(200);
    expect(await status(bob.get(`/sessions/${session}`))).toBe(200);
    expect((await bob.get(`/sessions/${session}/events`)).text).not.toContain(id);
    expect((await alice.get(`/sessions/${session}/events`)).text).toContain(id);
    expect(await status(stint.admin.get(`/jobs/${id}`))).toBe(200);
  });

  it('in Livy, sessions and statements of a colleague are not found', async () => {
    const [ann, ben] = [await livyUser(stint, 'alice'), await livyUser(stint, 'bob')];
    const id = await ann.session();
    for (const path of ['', '/state', '/log', '/statements'])
      expect(await status(ben.call('GET', `/sessions/${id}${path}`))).toBe(404);
    expect((await ben.call('GET', '/sessions')).body).toMatchObject({ total: 0, sessions: [] });
    expect((await ann.call('GET', '/sessions')).body).toMatchObject({ total: 1 });
    await ann.call('DELETE', `/sessions/${id}`);
  });

  it('in Nexosis, sessions of a colleague are not found, but data sets are shared', async () => {
    const [ann, ben] = [
      await givenAccount(stint, 'alice', 'lab-a'),
      await givenAccount(stint, 'bob', 'lab-a'),
    ];
    await ann.putCsv('data/ours', 'timestamp,sales\n2026-01-01,1\n2026-01-02,2\n2026-01-03,2\n');
    const query = 'dataSourceName=ours&targetColumn=sales&startDate=2026-01-04&endDate=2026-01-05';
    const started = await ann.post(`sessions/forecast?${query}`);
    expect(started.text).toContain('sessionId');
    const id = started.body.sessionId as string;
    await ann.ended(id);
    expect(await status(ben.get(`sessions/${id}`))).toBe(404);
    expect(await status(ben.get(`sessions/${id}/results`))).toBe(404);
    expect((await ben.get('sessions?dataSourceName=ours')).body).toMatchObject({ totalCount: 0 });
    expect((await ann.get('sessions?dataSourceName=ours')).body).toMatchObject({ totalCount: 1 });
    expect(await status(ben.get('data/ours'))).toBe(200);
  });
});
