import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { errorOf, givenBackend, TestService } from '../support/http.js';

let stint: TestService;
let alice: Awaited<ReturnType<TestService['user']>>;
beforeAll(async () => {
  stint = await TestService.start({ backends: ['b1', 'b2', 'b3'].map((name) => givenBackend({ name })) });
  alice = await stint.user('alice');
});
afterAll(() => stint.close());

const open = async (body?: object) => (await alice.post('/sessions', body)).body as { id: string };
const read = async (id: string) => (await alice.get(`/sessions/${id}`)).body as Record<string, unknown>;
const job = (session_id: string, duration: number) => ({
  ...{ program_id: 'scripted', backend: 'b2', session_id, params: { duration } },
});

describe('a session', () => {
  it('opens without a body as a dedicated session on the default backend', async () => {
    const answer = await alice.post('/sessions');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      ...{ id: expect.stringMatching(/^[0-9a-f-]{36}$/), mode: 'dedicated', backend_name: 'b1' },
      ...{ state: 'open', accepting_jobs: true, interactive_ttl: 60, active_ttl: 14400, max_ttl: 28800 },
      ...{ started_at: null, activated_at: null, closed_at: null, elapsed_time: null, user_id: 'alice' },
      ...{ timestamps: [{ status: 'open', timestamp: expect.stringMatching(/Z$/) }] },
    });
  });

  it.each([
    [{}, { mode: 'dedicated', backend_name: 'b1' }],
    [
      { mode: 'batch', backend: 'b2' },
      { mode: 'batch', backend_name: 'b2' },
    ],
    [{ backend_name: 'b2' }, { backend_name: 'b2' }],
    [{ max_ttl: 30 }, { max_ttl: 30, active_ttl: 30, interactive_ttl: 30 }],
    [{ later: { field: 1 } }, { state: 'open' }],
    [
      { mode: null, backend: null, instance: null, max_ttl: null, active_ttl: null, interactive_ttl: null },
      { mode: 'dedicated', backend_name: 'b1', max_ttl: 28800, active_ttl: 14400, interactive_ttl: 60 },
    ],
  ])('opened with %j has %j', async (request, session) => {
    expect(await open(request)).toMatchObject(session);
  });

  it('shows its history in UTC times, and its elapsed time', async () => {
    const { id } = await open({ backend: 'b2' });
    await alice.post('/jobs', job(id, 5));
    await stint.advance(5);
    const at = Date.parse(String((await read(id))['started_at']));
    const iso = (seconds: number) => new Date(at + seconds * 1000).toISOString();
    await stint.advance(60);
    expect(await read(id)).toMatchObject({
      ...{ state: 'inactive', activated_at: iso(0), last_job_started: iso(0), last_job_completed: iso(5) },
      ...{ active_ttl: 14395, elapsed_time: 65 },
      timestamps: [{ status: 'open' }, { status: 'active', timestamp: iso(0) }, { timestamp: iso(65) }],
    });
  });
});

describe('PATCH accepting_jobs', () => {
  it('drains a session, and may be repeated, even after the close: 204', async () => {
    const { id } = await open({ backend: 'b2' });
    await alice.post('/jobs', job(id, 5));
    const drain = async () => {
      const { status, text } = await alice.patch(`/sessions/${id}`, { accepting_jobs: false });
      return [status, text];
    };
    expect([await drain(), await drain()]).toEqual([
      [204, ''],
      [204, ''],
    ]);
    expect(await read(id)).toMatchObject({ state: 'active', accepting_jobs: false });
    await stint.advance(5);
    expect(await read(id)).toMatchObject({ state: 'closed' });
    expect(await drain()).toEqual([204, '']);
  });

  it('with true resumes a draining session, but not a closed one: 409', async () => {
    const { id } = await open({ backend: 'b2' });
    await alice.post('/jobs', job(id, 5));
    await alice.patch(`/sessions/${id}`, { accepting_jobs: false });
    expect((await alice.patch(`/sessions/${id}`, { accepting_jobs: true })).status).toBe(204);
    expect(await read(id)).toMatchObject({ state: 'active', accepting_jobs: true });
    await alice.delete(`/sessions/${id}/close`);
    const refused = await alice.patch(`/sessions/${id}`, { accepting_jobs: true });
    expect(errorOf(refused)).toMatchObject({ status: 409, code: 1217 });
  });

  it.each([undefined, {}, { accepting_jobs: 'false' }, { accepting_jobs: null }])(
    'is refused with %j instead of a boolean: 400',
    async (body) => {
      const { id } = await open({ backend: 'b2' });
      const refused = await alice.patch(`/sessions/${id}`, body);
      expect(errorOf(refused)).toMatchObject({
        status: 400,
        message: expect.stringMatching(/^accepting_jobs (must be a boolean|is missing)/),
      });
      expect(await read(id)).toMatchObject({ accepting_jobs: true });
    },
  );
});

describe('DELETE close', () => {
  it('closes a session immediately, and may be repeated: 204; queued jobs fail and the running one finishes', async () => {
    await stint.advance(100);
    const { id } = await open({ backend: 'b2' });
    const [running, queued] = [await alice.post('/jobs', job(id, 5)), await alice.post('/jobs', job(id, 5))];
    const close = () => alice.delete(`/sessions/${id}/close`);
    expect(await close()).toMatchObject({ status: 204, text: '' });
    expect(await close()).toMatchObject({ status: 204, text: '' });
    expect(await read(id)).toMatchObject({ state: 'closed', state_reason: 'closed by user alice' });
    await stint.advance(5);
    const stateOf = async ({ body }: typeof running) =>
      (await alice.get(`/jobs/${(body as { id: string }).id}`)).body.state as object;
    expect(await stateOf(running)).toEqual({ status: 'Completed' });
    expect(await stateOf(queued)).toMatchObject({ status: 'Failed', reason_code: 1217 });
  });
});

describe('the list of sessions', () => {
  it('is sorted newest first, in pages without gaps or repetitions', async () => {
    const bob = await stint.user('bob', 'lab-b');
    const ids: string[] = [];
    for (let i = 0; i < 7; i += 1) {
      ids.unshift(((await bob.post('/sessions', { backend: 'b3' })).body as { id: string }).id);
      if (i % 2 === 0) await stint.advance(0.001);
    }
    const pagedIds: string[] = [];
    const sizes: number[] = [];
    for (let next: string | null = ''; next !== null;) {
      const { body } = await bob.get(`/sessions?limit=3${next === '' ? '' : `&next=${next}`}`);
      sizes.push(body.sessions.length as number);
      pagedIds.push(...(body.sessions as { id: string }[]).map(({ id }) => id));
      next = body.next as string | null;
    }
    expect(sizes).toEqual([3, 3, 1]);
    expect([...pagedIds].sort()).toEqual([...ids].sort());
    expect(pagedIds[0]).toBe(ids[0]);
  });

  it('refuses a page after an unknown session or one of another instance: 400', async () => {
    const dora = await stint.user('dora', 'lab-d');
    const { id } = (await alice.post('/sessions', { backend: 'b3' })).body as { id: string };
    for (const next of ['none', id]) {
      expect(errorOf(await dora.get(`/sessions?next=${next}`))).toMatchObject({
        ...{ status: 400, code: 1002, message: `next of ${next} belongs to no page.` },
      });
    }
  });

  it('can be filtered by state, mode and backend', async () => {
    const carol = await stint.user('carol', 'lab-c');
    await carol.post('/sessions', { backend: 'b3' });
    await carol.post('/sessions', { backend: 'b3', mode: 'batch' });
    const { id } = (await carol.post('/sessions', { backend: 'b1' })).body as { id: string };
    await carol.delete(`/sessions/${id}/close`);
    const count = async (query: string) =>
      (await carol.get(`/sessions${query}`)).body.sessions.length as number;
    expect(await count('?state=open')).toBe(2);
    expect(await count('?state=open&state=closed')).toBe(3);
    expect(await count('?mode=batch')).toBe(1);
    expect(await count('?backend=b1')).toBe(1);
    expect(await count('?state=active')).toBe(0);
  });
});
