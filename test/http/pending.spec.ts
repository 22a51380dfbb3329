import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { errorOf, givenBackend, TestService } from '../support/http.js';
import { givenLivy, livyUser } from '../support/livy.js';
import { givenNexosis, sales } from '../support/nexosis.js';

/** Backends with one lane, so that one job of an instance runs and the others are pending. */
let stint: TestService;
beforeAll(async () => {
  stint = await TestService.start({ backends: ['b1', 'b2'].map((name) => givenBackend({ name })) });
});
afterAll(() => stint.close());

const limited = async (name: string, max_pending_jobs: number | null) => {
  await stint.admin.post('/admin/instances', { name, plan: { max_pending_jobs } });
  const user = await stint.user('alice', name);
  const submit = (more: object = {}) =>
    user.post('/jobs', { program_id: 'scripted', backend: 'b1', params: { duration: 10 }, ...more });
  return { ...user, submit };
};
const refused = (name: string, most: string) => ({
  ...{ status: 409, code: 3458, message: `Instance ${name} has reached the limit of its plan of ${most}.` },
  solution: 'Wait until one has started, or cancel one, before you submit another.',
});

describe('an instance whose plan limits pending jobs', () => {
  it('is refused with 3458 beyond its limit, and nothing is stored', async () => {
    const { submit, get } = await limited('two', 2);
    // The first job is running.
    for (let i = 0; i < 3; i += 1) expect((await submit()).status).toBe(200);
    expect(errorOf(await submit())).toEqual(refused('two', '2 pending jobs'));
    expect((await get('/jobs')).body.count).toBe(3);
    await stint.advance(100);
  });

  it('counts the jobs of all backends and of sessions of both modes', async () => {
    const { submit, post, delete: remove } = await limited('spread', 3);
    const open = async (mode: string) => (await post('/sessions', { backend: 'b2', mode })).body.id as string;
    const [dedicated, batch] = [await open('dedicated'), await open('batch')];
    await submit();
    await submit({ backend: 'b2', session_id: dedicated });
    for (const more of [{}, { backend: 'b2', session_id: dedicated }, { backend: 'b2', session_id: batch }])
      expect((await submit(more)).status).toBe(200);
    expect(errorOf(await submit())).toEqual(refused('spread', '3 pending jobs'));
    expect(errorOf(await submit({ backend: 'b2', session_id: batch })).code).toBe(3458);
    for (const id of [dedicated, batch]) await remove(`/sessions/${id}/close`);
    expect((await submit()).status).toBe(200);
    await stint.advance(100);
  });

  it('can submit again once a job has started or was cancelled', async () => {
    const { submit, post } = await limited('one', 1);
    await submit();
    const waiting = (await submit()).body.id as string;
    expect(errorOf(await submit())).toEqual(refused('one', '1 pending job'));
    await post(`/jobs/${waiting}/cancel`);
    expect((await submit()).status).toBe(200);
    expect((await submit()).status).toBe(409);
    await stint.advance(10);
    expect((await submit()).status).toBe(200);
    await stint.advance(100);
  });

  it('does not count the jobs of other instances, and has no limit if its plan names none', async () => {
    const [one, other] = [await limited('mine', 1), await limited('theirs', null)];
    for (let i = 0; i < 5; i += 1) expect((await other.submit()).status).toBe(200);
    expect((await one.submit()).status).toBe(200);
    expect((await one.submit()).status).toBe(409);
    await stint.advance(100);
  });

  it('gets another limit immediately with PATCH', async () => {
    const { submit } = await limited('changing', 1);
    await submit();
    await submit();
    const patch = (plan: object) => stint.admin.patch('/admin/instances/changing', { plan });
    expect((await patch({ max_pending_jobs: 2 })).body.plan).toMatchObject({ max_pending_jobs: 2 });
    expect((await submit()).status).toBe(200);
    expect((await submit()).status).toBe(409);
    expect((await patch({})).body.plan).toMatchObject({ max_pending_jobs: null });
    expect((await submit()).status).toBe(200);
    await stint.advance(100);
  });

  it.each([0, -1, 1.5, '3'])('cannot have the limit %j', async (max_pending_jobs) => {
    const answer = await stint.admin.post('/admin/instances', { name: 'x', plan: { max_pending_jobs } });
    expect(errorOf(answer)).toMatchObject({
      ...{ status: 400, message: expect.stringMatching(/^plan\.max_pending_jobs must/) },
    });
  });
});

describe('the limit of pending jobs in other dialects', () => {
  it('is 400 in the Livy dialect, like too many sessions', async () => {
    const service = await givenLivy({}, { slots: 1 });
    try {
      await service.admin.post('/admin/instances', { name: 'lab-a', plan: { max_pending_jobs: 1 } });
      const alice = await livyUser(service);
      const id = await alice.session();
      const code = { code: 'wait' };
      for (let i = 0; i < 2; i += 1)
        expect((await alice.call('POST', `/sessions/${id}/statements`, code)).status).toBe(201);
      const { status, body } = await alice.call('POST', `/sessions/${id}/statements`, code);
      expect([status, body]).toEqual([
        400,
        {
          msg: expect.stringMatching(/^Instance lab-a has reached the limit of its plan of 1 pending job\. /),
        },
      ]);
      expect((await alice.call('POST', '/sessions', {})).status).toBe(400);
      expect((await alice.call('GET', '/sessions')).body.total).toBe(1);
      await alice.call('DELETE', `/sessions/${id}`);
    } finally {
      await service.close();
    }
  });

  it('is 429 QuotaExceeded in the Nexosis dialect', async () => {
    const { service, ...alice } = await givenNexosis();
    try {
      await alice.putCsv('data/shop', sales(120));
      await service.admin.patch('/admin/instances/lab-a', { plan: { max_pending_jobs: 1 } });
      await service.admin.patch('/admin/backends/learner', { status: 'paused' });
      const start = () =>
        alice.post('sessions/forecast?dataSourceName=shop&startDate=2017-05-06&endDate=2017-05-15');
      expect((await start()).status).toBe(200);
      const { status, body } = await start();
      expect([status, body]).toEqual([
        429,
        {
          ...{ statusCode: 429, errorType: 'QuotaExceeded', errorDetails: {} },
          message: expect.stringMatching(
            /^Instance lab-a has reached the limit of its plan of 1 pending job\. /,
          ),
        },
      ]);
      expect((await alice.get('sessions')).body.totalCount).toBe(1);
    } finally {
      await service.close();
    }
  });
});
