import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { errorOf, TestService, type HttpAnswer } from '../support/http.js';

let stint: TestService;
beforeAll(async () => (stint = await TestService.start()));
afterAll(() => stint.close());

let places = 0;
/** A backend with one lane, and two users of different instances. The first instance may have a budget. */
async function place(budget?: number, more: object = {}) {
  const n = (places += 1);
  const backend = `w${n}`;
  await stint.admin.post('/admin/backends', { name: backend, driver: 'scripted', ...more });
  if (budget !== undefined)
    await stint.admin.post('/admin/instances', { name: `poor-${n}`, budget_seconds: budget });
  const [poor, rich] = [await stint.user('pat', `poor-${n}`), await stint.user('ric', `rich-${n}`)];
  const job = (duration: number, in_session?: string) => ({
    ...{ program_id: 'scripted', backend, params: { duration } },
    ...(in_session !== undefined && { session_id: in_session }),
  });
  return { backend, poor, rich, job };
}
const idOf = ({ body }: HttpAnswer) => body.id as string;

describe('an estimate', () => {
  it('considers the budget of running sessions: jobs that would start after it is used up never start', async () => {
    const { backend, poor, rich, job } = await place(10);
    const session = idOf(await poor.post('/sessions', { backend }));
    const jobs: string[] = [];
    for (let i = 0; i < 4; i += 1) jobs.push(idOf(await poor.post('/jobs', job(8, session))));
    const other = idOf(await rich.post('/jobs', job(1)));
    const third = (await poor.get(`/jobs/${jobs[2]}`)).body;
    expect(third).toMatchObject({ wait_estimate: null });
    // The second job starts at 8 s and runs on after the session closes at 10 s.
    expect((await rich.get(`/jobs/${other}`)).body).toMatchObject({
      wait_estimate: { p50_seconds: 16, p90_seconds: 16 },
    });
    await stint.advance(16);
    expect((await rich.get(`/jobs/${other}`)).body.status).toBe('Running');
    expect((await poor.get(`/jobs/${jobs[2]}`)).body.status).toBe('Failed');
  });
});

describe('the waiting reason of a job', () => {
  it('names the latest end of the session that holds the slot, and the jobs that can outlast it', async () => {
    const { backend, poor, rich, job } = await place();
    const session = idOf(await poor.post('/sessions', { backend, max_ttl: 60 }));
    await poor.post('/jobs', { ...job(30, session), cost: 60 });
    const waits = idOf(await rich.post('/jobs', job(1)));
    const reason = async () => (await rich.get(`/jobs/${waits}`)).body.waiting_reason as string;
    expect(await reason()).toMatch(/^held by a dedicated session until \d\d:\d\d:\d\d UTC at the latest$/);
    await stint.advance(30);
    await poor.post('/jobs', { ...job(50, session), cost: 60 });
    expect(await reason()).toMatch(/ at the latest, unless a job of it runs longer$/);
    await stint.advance(31);
    expect(await reason()).toMatch(
      /^held by a dedicated session that is closed, for its running jobs, until \d\d:\d\d:\d\d UTC at the latest$/,
    );
    await stint.advance(19);
    expect((await rich.get(`/jobs/${waits}`)).body.status).toBe('Running');
  });
});

describe('a submit of an instance whose budget is used up', () => {
  it('to a session that the budget closed is refused because the session is closed', async () => {
    const { backend, poor, job } = await place(5);
    const session = idOf(await poor.post('/sessions', { backend }));
    await poor.post('/jobs', job(6, session));
    await stint.advance(6);
    expect(errorOf(await poor.post('/jobs', job(1, session)))).toMatchObject({ status: 409, code: 1217 });
    expect(errorOf(await poor.post('/jobs', job(1)))).toMatchObject({ status: 409, code: 4317 });
  });

  it('is refused with the time at which enough charges have left the window', async () => {
    const { backend, poor, job } = await place(10, { lanes: 2 });
    await poor.post('/jobs', job(1));
    await poor.post('/jobs', job(20));
    await stint.advance(20);
    const { message } = errorOf(await poor.post('/jobs', job(1)));
    const room = /Room is made from (\S+) on/.exec(message)?.[1] ?? '';
    const { now } = (await stint.admin.get('/admin/clock')).body as { now: string };
    await stint.advance((Date.parse(room) - Date.parse(now)) / 1000 - 0.001);
    expect((await poor.post('/jobs', job(1))).status).toBe(409);
    await stint.advance(0.001);
    expect((await poor.post('/jobs', job(1))).status).toBe(200);
    expect(backend).toBeDefined();
  });
});

describe('a command on a virtual clock', () => {
  it('is answered once nothing is due any more, even if it starts hundreds of jobs', async () => {
    const { backend, poor, job } = await place();
    await stint.admin.patch(`/admin/backends/${backend}`, { status: 'paused' });
    for (let i = 0; i < 620; i += 1) await poor.post('/jobs', { ...job(0), tags: [String(i)] });
    await stint.admin.patch(`/admin/backends/${backend}`, { status: 'online' });
    expect((await stint.admin.get(`/admin/backends/${backend}`)).body).toMatchObject({ queue_length: 0 });
  });
});
