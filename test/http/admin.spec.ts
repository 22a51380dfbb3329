import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { errorOf, messagesOf, TestService, type HttpAnswer } from '../support/http.js';

let stint: TestService;
let user: Awaited<ReturnType<TestService['user']>>;
beforeAll(async () => {
  stint = await TestService.start();
  user = await stint.user('alice', 'lab-a');
});
afterAll(() => stint.close());

let names = 0;
const uniqueName = (prefix: string) => `${prefix}_${(names += 1)}`;
const newBackend = async (more: object = {}) => {
  const name = uniqueName('b');
  await stint.admin.post('/admin/backends', { name, driver: 'scripted', ...more });
  return name;
};
const idOf = ({ body }: HttpAnswer) => body.id as string;
const job = (backend: string, duration: number, more: object = {}) => ({
  ...{ program_id: 'scripted', backend, params: { duration } },
  ...more,
});

/** Every route of the operator API, with a valid body. */
const calls: readonly (readonly [method: string, path: string, body?: object])[] = [
  ['POST', '/admin/backends', { name: 'never', driver: 'scripted' }],
  ['GET', '/admin/backends'],
  ['GET', '/admin/backends/b1'],
  ['PATCH', '/admin/backends/b1', { status: 'paused' }],
  ['DELETE', '/admin/backends/b1'],
  ['POST', '/admin/instances', { name: 'never' }],
  ['GET', '/admin/instances'],
  ['PATCH', '/admin/instances/i1', { shares: 3 }],
  ['POST', '/admin/tokens', { user: 'never', instance: 'never', role: 'user' }],
  ['GET', '/admin/tokens'],
  ['DELETE', '/admin/tokens/t1'],
  ['GET', '/admin/sessions'],
  ['POST', '/admin/sessions/s1/close', { reason: 'never' }],
  ['GET', '/admin/ledger'],
  ['GET', '/admin/clock'],
  ['POST', '/admin/clock', { advance_seconds: 1 }],
];

const routes = calls.map(([method, path, body]) => ({ method, path, body }));

describe('the operator API', () => {
  it('has no routes besides those tested here', async () => {
    const { body } = await stint.call('GET', '/api/v1/docs/openapi.json', { token: null });
    const documented = Object.entries(body.paths as Record<string, object>)
      .filter(([path]) => path.startsWith('/api/v1/admin/'))
      .flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace('/api/v1', '')}`),
      );
    const here = routes.map(({ method, path }) =>
      `${method} ${path}`
        .replace(/\/(b1)$/, '/{name}')
        .replace(/\/(t1|s1)\b/, '/{id}')
        .replace(/\/i1$/, '/{instance}'),
    );
    expect(here.sort()).toEqual(documented.sort());
  });

  it.each(routes)('$method $path refuses a user token: 403', async ({ method, path, body }) => {
    const answer = await stint.call(method, `/api/v1${path}`, { token: user.token, body });
    expect(errorOf(answer)).toMatchObject({
      ...{ status: 403, code: 2409, message: 'This call needs an admin token; yours is a user token.' },
    });
  });

  it.each(routes)('$method $path needs a token: 401', async ({ method, path, body }) => {
    const answer = await stint.call(method, `/api/v1${path}`, { token: null, body });
    expect(errorOf(answer)).toMatchObject({ status: 401, code: 3407 });
  });

  it('changes nothing when it refuses a request', async () => {
    expect((await stint.admin.get('/admin/backends/never')).status).toBe(404);
    expect((await stint.admin.get('/admin/backends/b1')).body.status).toBe('online');
    const { instances } = (await stint.admin.get('/admin/instances')).body as {
      instances: { name: string }[];
    };
    expect(instances.map(({ name }) => name)).not.toContain('never');
  });
});

describe('a backend', () => {
  it('is added with the given settings and defaults for the others: 201', async () => {
    const name = uniqueName('b');
    const request = {
      name,
      driver: 'scripted',
      slots: 2,
      lanes: 3,
      limits: { max_ttl: 100 },
      on_idle: 'close',
    };
    const added = await stint.admin.post('/admin/backends', request);
    expect(added.status).toBe(201);
    expect(added.body).toMatchObject({
      ...{ name, driver: 'scripted', status: 'online', status_reason: null, lanes: 3, on_idle: 'close' },
      slots: [0, 1].map((slot) => ({ slot, running_jobs: 0, held_by: null, reserved_for: null })),
      ...{ queue_length: 0, limits: { max_ttl: 100, unused_ttl: 1800 } },
    });
    expect((await stint.admin.get(`/admin/backends/${name}`)).body).toEqual(added.body);
    const { backends } = (await stint.admin.get('/admin/backends')).body as { backends: object[] };
    expect(backends).toContainEqual(added.body);
  });

  it('shows which session holds each slot, and how many jobs wait', async () => {
    const name = await newBackend({ lanes: 2 });
    const [holder, waiting] = [
      idOf(await user.post('/sessions', { backend: name })),
      idOf(await user.post('/sessions', { backend: name })),
    ];
    for (const session_id of [holder, waiting]) await user.post('/jobs', job(name, 100, { session_id }));
    expect((await stint.admin.get(`/admin/backends/${name}`)).body).toMatchObject({
      slots: [{ slot: 0, running_jobs: 1, held_by: holder, reserved_for: null }],
      queue_length: 1,
    });
  });

  it('can be paused with a reason and resumed, and its limits can be changed one by one', async () => {
    const name = await newBackend({ limits: { max_ttl: 100 } });
    const change = async (body: object) => (await stint.admin.patch(`/admin/backends/${name}`, body)).body;
    expect(await change({ status: 'paused', reason: 'calibration' })).toMatchObject({
      ...{ status: 'paused', status_reason: 'calibration' },
    });
    const queued = idOf(await user.post('/jobs', job(name, 1)));
    expect((await user.get(`/jobs/${queued}`)).text).toMatch(/paused: calibration/);
    expect(await change({ limits: { unused_ttl: 7 } })).toMatchObject({
      ...{ status: 'paused', status_reason: 'calibration', limits: { max_ttl: 100, unused_ttl: 7 } },
    });
    expect(await change({ status: 'online' })).toMatchObject({ status: 'online', status_reason: null });
    await stint.advance(1);
    expect((await user.get(`/jobs/${queued}`)).body.status).toBe('Completed');
  });

  it('shows the jobs that a resume has started', async () => {
    const name = await newBackend();
    await stint.admin.patch(`/admin/backends/${name}`, { status: 'paused' });
    for (let i = 0; i < 2; i += 1) await user.post('/jobs', job(name, 10));
    expect((await stint.admin.patch(`/admin/backends/${name}`, { status: 'online' })).body).toMatchObject({
      ...{ queue_length: 1, slots: [{ slot: 0, running_jobs: 1 }] },
    });
  });

  it.each<[string, string, object, RegExp]>([
    ['POST', '/admin/backends', { driver: 'scripted' }, /^name is missing$/],
    ['POST', '/admin/backends', { name: 'x' }, /^driver is missing$/],
    [
      'POST',
      '/admin/backends',
      { name: 'x', driver: 'scripted', slots: 0 },
      /^slots must not be less than 1/,
    ],
    ['POST', '/admin/backends', { name: 'x', driver: 'scripted', lanes: 1001 }, /^lanes must not be greater/],
    [
      'POST',
      '/admin/backends',
      { name: 'x', driver: 'scripted', on_idle: 'sleep' },
      /^on_idle must be one of/,
    ],
    ['POST', '/admin/backends', { name: 'x', driver: 'scripted', options: 7 }, /^options must be an object/],
    ['PATCH', '/admin/backends/b1', { reason: 7 }, /^reason must be a string/],
    ['PATCH', '/admin/backends/b1', { limits: { active_ttl: -1 } }, /active_ttl must not be less than 1/],
    ['PATCH', '/admin/backends/b1', { limits: [] }, /^limits must be an object/],
    ['POST', '/admin/backends', { name: 'x', driver: 'scripted', lane: 2 }, /^lane is not known .* lanes/],
    [
      'PATCH',
      '/admin/backends/b1',
      { max_ttl: 5 },
      /^max_ttl is not known here; known are: status, reason, limits$/,
    ],
    [
      'PATCH',
      '/admin/backends/b1',
      { limits: { maxttl: 5 } },
      /^limits.maxttl is not known here; .* max_ttl/,
    ],
  ])('%s %s %j: 400', async (method, path, body, message) => {
    const answer = await stint.call(method, `/api/v1${path}`, { body });
    expect(errorOf(answer)).toMatchObject({ status: 400, code: 1002 });
    expect(messagesOf(answer)).toContainEqual(expect.stringMatching(message));
  });

  it('that does not exist: 404', async () => {
    for (const answer of [
      await stint.admin.get('/admin/backends/none'),
      await stint.admin.patch('/admin/backends/none', { status: 'paused' }),
      await stint.admin.delete('/admin/backends/none'),
    ])
      expect(errorOf(answer)).toMatchObject({ status: 404, code: 1007 });
  });

  it('can be removed once nothing runs on it, and its jobs and charges stay readable', async () => {
    const name = await newBackend();
    const session = idOf(await user.post('/sessions', { backend: name }));
    const running = idOf(await user.post('/jobs', job(name, 5)));
    const refused = errorOf(await stint.admin.delete(`/admin/backends/${name}`));
    expect(refused).toMatchObject({
      status: 409,
      message: expect.stringContaining(`${name} has open sessions`),
    });
    await user.delete(`/sessions/${session}/close`);
    expect((await stint.admin.delete(`/admin/backends/${name}`)).status).toBe(409);
    await stint.advance(6);
    expect(await stint.admin.delete(`/admin/backends/${name}`)).toMatchObject({ status: 204, text: '' });
    expect((await stint.admin.get(`/admin/backends/${name}`)).status).toBe(404);
    expect((await user.get(`/jobs/${running}`)).body).toMatchObject({ backend: name, status: 'Completed' });
    expect((await stint.admin.get(`/admin/ledger?backend=${name}`)).body.sums).toMatchObject({
      charged_seconds: 5,
    });
    const closed = await user.post('/jobs', { ...job(name, 1), backend: undefined, session_id: session });
    expect(errorOf(closed)).toMatchObject({ status: 409, code: 1217 });
    const none = await stint.admin.get(`/admin/ledger?backend=${name}&to=2020-01-01T00:00:00Z`);
    expect(none.body.sums).toMatchObject({ charged_seconds: 0 });
    // The name can be used again.
    expect((await stint.admin.post('/admin/backends', { name, driver: 'scripted' })).status).toBe(201);
  });
});

describe('an instance', () => {
  it('is added with shares, a budget and a plan, and is listed: 201', async () => {
    const name = uniqueName('lab');
    const added = await stint.admin.post('/admin/instances', {
      ...{ name, shares: 2.5, budget_seconds: 10, plan: { max_ttl: 60, modes: ['batch'] } },
    });
    expect(added).toMatchObject({
      status: 201,
      body: { name, shares: 2.5, budget_seconds: 10, crn: expect.stringMatching(/^crn:/) },
    });
    const { instances } = (await stint.admin.get('/admin/instances')).body as { instances: object[] };
    expect(instances).toContainEqual(added.body);
    const bob = await stint.user('bob', name);
    expect(bob.crn).toBe(added.body.crn);
    expect(errorOf(await bob.post('/sessions', { mode: 'batch', max_ttl: 61 })).message).toMatch(/60 s/);
  });

  it('that exists cannot be added again, but can be changed', async () => {
    const name = uniqueName('lab');
    await stint.user('bob', name);
    const again = errorOf(await stint.admin.post('/admin/instances', { name, shares: 2 }));
    expect(again).toMatchObject({ status: 409, solution: expect.stringContaining('PATCH') });
    const changed = await stint.admin.patch(`/admin/instances/${name}`, { shares: 2, plan: { max_ttl: 60 } });
    expect(changed).toMatchObject({
      status: 200,
      body: { name, shares: 2, budget_seconds: null, plan: { modes: null, max_ttl: 60 } },
    });
    const { crn } = changed.body as { crn: string };
    const byCrn = await stint.admin.patch(`/admin/instances/${encodeURIComponent(crn)}`, {
      budget_seconds: 7,
    });
    expect(byCrn.body).toMatchObject({ name, shares: 2, budget_seconds: 7, plan: { max_ttl: 60 } });
    const { instances } = (await stint.admin.get('/admin/instances')).body as { instances: object[] };
    expect(instances).toContainEqual(byCrn.body);
    const { id } = changed.body as { id: string };
    const byId = await stint.admin.patch(`/admin/instances/${id}`, { shares: 4 });
    expect(byId.body).toMatchObject({ name, shares: 4 });
    const unknown = errorOf(await stint.admin.patch('/admin/instances/none', { shares: 2 }));
    expect(unknown).toMatchObject({ status: 404, message: 'There is no instance none.' });
  });

  it('stops when its budget is used up, and continues when the budget is raised', async () => {
    const name = uniqueName('lab');
    await stint.admin.post('/admin/instances', { name, budget_seconds: 5 });
    const bob = await stint.user('bob', name);
    const backend = await newBackend();
    const patch = (body: object) => stint.admin.patch(`/admin/instances/${name}`, body);
    const stateOf = async (id: string) => (await bob.get(`/jobs/${id}`)).body.status as string;
    const first = idOf(await bob.post('/jobs', job(backend, 5)));
    const second = idOf(await bob.post('/jobs', job(backend, 5)));
    await stint.advance(5);
    expect([await stateOf(first), await stateOf(second)]).toEqual(['Completed', 'Queued']);
    expect(errorOf(await bob.post('/jobs', job(backend, 5))).solution).toContain('PATCH');

    await patch({ budget_seconds: 30 });
    expect(await stateOf(second)).toBe('Running');
    await stint.advance(5);
    const session = idOf(await bob.post('/sessions', { backend }));
    await bob.post('/jobs', job(backend, 1, { session_id: session }));
    await stint.advance(2);
    await patch({ budget_seconds: 12 });
    expect((await bob.get(`/sessions/${session}`)).body).toMatchObject({
      ...{ state: 'closed', state_reason: 'budget of 12 s reached' },
    });
    await patch({ budget_seconds: null });
    expect((await bob.post('/sessions', { backend })).status).toBe(200);
  });

  it.each<[object, RegExp]>([
    [{ shares: 0 }, /^shares must not be less/],
    [{ budget_seconds: 'much' }, /^budget_seconds must/],
    [{ name: 'other' }, /^name is not known here; known are: shares, budget_seconds, plan/],
  ])('is not changed by the invalid body %j: 400', async (body, message) => {
    const answer = await stint.admin.patch('/admin/instances/lab-a', body);
    expect(errorOf(answer)).toMatchObject({ status: 400, code: 1002 });
    expect(messagesOf(answer)).toContainEqual(expect.stringMatching(message));
  });

  it.each<[object, RegExp]>([
    [{}, /^name is missing$/],
    [{ name: '' }, /^name must be longer/],
    [{ name: 'crn:x' }, /^name must not begin with crn:/],
    [{ name: 'x', shares: 'two' }, /^shares must/],
    [{ name: 'x', budget_second: 1 }, /^budget_second is not known here; .* budget_seconds/],
    [{ name: 'x', budget_seconds: -1 }, /^budget_seconds must not be less than 0/],
    [{ name: 'x', plan: [] }, /^plan must be an object/],
    [{ name: 'x', plan: { modes: ['fast'] } }, /modes must be one of/],
    [{ name: 'x', plan: { max_ttl: 0.5 } }, /max_ttl must be an integer/],
  ])('%j: 400', async (body, message) => {
    const answer = await stint.admin.post('/admin/instances', body);
    expect(errorOf(answer)).toMatchObject({ status: 400, code: 1002 });
    expect(messagesOf(answer)).toContainEqual(expect.stringMatching(message));
  });
});

describe('a token', () => {
  it('is shown once, listed without its secret, and can be revoked immediately', async () => {
    const request = { user: 'carol', instance: uniqueName('lab'), role: 'user' };
    const made = await stint.admin.post('/admin/tokens', request);
    expect(made).toMatchObject({ status: 201, body: { ...request, revoked_at: null, expires_at: null } });
    const { id, token } = made.body as { id: string; token: string };
    const listed = await stint.admin.get('/admin/tokens');
    expect((listed.body.tokens as { id: string }[]).map((each) => each.id)).toContain(id);
    expect(listed.text).not.toContain(token);
    expect((await stint.as(token).get('/sessions')).status).toBe(200);
    expect(await stint.admin.delete(`/admin/tokens/${id}`)).toMatchObject({ status: 204, text: '' });
    expect(errorOf(await stint.as(token).get('/sessions'))).toMatchObject({ status: 401 });
    const { tokens } = (await stint.admin.get('/admin/tokens')).body as { tokens: { id: string }[] };
    expect(tokens.find((each) => each.id === id)).toMatchObject({ revoked_at: expect.stringMatching(/Z$/) });
  });

  it('expires at a UTC time if expires_at has no offset', async () => {
    const made = await stint.admin.post('/admin/tokens', {
      ...{ user: 'x', instance: 'lab-a', expires_at: '2099-07-01T12:00:00' },
    });
    expect(made.body).toMatchObject({ expires_at: '2099-07-01T12:00:00.000Z' });
  });

  it.each<[object, RegExp]>([
    [{ instance: 'lab-a', role: 'user' }, /^user is missing$/],
    [{ user: 'x', role: 'user' }, /^instance is missing$/],
    [{ user: 'x', instance: 'lab-a', role: 'root' }, /^role must be one of/],
    [{ user: 'x', instance: 'lab-a', expires_at: 'soon' }, /^expires_at must be a time in ISO 8601/],
  ])('%j: 400', async (body, message) => {
    const answer = await stint.admin.post('/admin/tokens', body);
    expect(errorOf(answer)).toMatchObject({ status: 400, code: 1002 });
    expect(messagesOf(answer)).toContainEqual(expect.stringMatching(message));
  });
});

describe('sessions of all instances', () => {
  it('are listed newest first, with filters and in pages', async () => {
    const name = await newBackend();
    const bob = await stint.user('bob', 'lab-b');
    const ids = [];
    for (const each of [user, bob, user])
      ids.unshift(idOf(await each.post('/sessions', { backend: name, mode: 'batch' })));
    const list = async (query: string) =>
      (await stint.admin.get(`/admin/sessions?backend=${name}${query}`)).body as {
        sessions: { id: string }[];
        next: string | null;
      };
    const listedIds = async (query: string) => (await list(query)).sessions.map(({ id }) => id);
    expect(new Set(await listedIds(''))).toEqual(new Set(ids));
    expect(await listedIds('&user=bob')).toEqual([ids[1]]);
    expect(await listedIds('&instance=lab-b')).toEqual([ids[1]]);
    expect(await listedIds(`&instance=${encodeURIComponent(bob.crn)}`)).toEqual([ids[1]]);
    expect(await listedIds('&state=active')).toEqual([]);
    expect(await listedIds('&mode=dedicated')).toEqual([]);
    const first = await list('&limit=2');
    expect(
      [...first.sessions.map(({ id }) => id), ...(await listedIds(`&next=${first.next}`))].sort(),
    ).toEqual(ids.sort());
  });

  it('can be closed by an admin with a reason, and their running jobs can be cancelled too', async () => {
    const name = await newBackend({ slots: 2 });
    const close = async (running_jobs?: string) => {
      const id = idOf(await user.post('/sessions', { backend: name }));
      const running = idOf(await user.post('/jobs', job(name, 100, { session_id: id })));
      const closed = await stint.admin.post(`/admin/sessions/${id}/close`, {
        ...{ reason: 'maintenance', running_jobs },
      });
      expect(closed).toMatchObject({
        ...{ status: 200, body: { state: 'closed', state_reason: 'closed by admin admin: maintenance' } },
      });
      return (await user.get(`/jobs/${running}`)).body.status as string;
    };
    expect([await close('cancel'), await close('finish'), await close()]).toEqual([
      'Cancelled',
      'Running',
      'Running',
    ]);
  });

  it.each<[string, string, object | undefined, RegExp]>([
    ['GET', '/admin/sessions?limit=201', undefined, /^limit must not be greater than 200/],
    ['GET', '/admin/sessions?state=asleep', undefined, /^each value in state must be one of/],
    ['GET', '/admin/sessions?users=bob', undefined, /^users is not known here; .* user/],
    ['GET', '/admin/sessions?next=none', undefined, /^next of none belongs to no page/],
    ['GET', '/admin/sessions?mode=fast', undefined, /^mode must be one of/],
    ['POST', '/admin/sessions/s1/close', {}, /^reason is missing$/],
    [
      'POST',
      '/admin/sessions/s1/close',
      { reason: 'x', running_jobs: 'kill' },
      /^running_jobs must be one of/,
    ],
    ['POST', '/admin/clock', { advance_seconds: '5' }, /^advance_seconds must be a number/],
    ['POST', '/admin/clock', { advance_seconds: 1e10 }, /^advance_seconds must not be greater/],
  ])('%s %s %j: 400', async (method, path, body, message) => {
    const answer = await stint.call(method, `/api/v1${path}`, { body });
    expect(errorOf(answer)).toMatchObject({ status: 400, code: 1002 });
    expect(messagesOf(answer)).toContainEqual(expect.stringMatching(message));
  });

  it('that do not exist: 404', async () => {
    expect(errorOf(await stint.admin.post('/admin/sessions/s9/close', { reason: 'x' }))).toMatchObject({
      ...{ status: 404, code: 1008 },
    });
    expect((await stint.admin.get('/admin/sessions?instance=none')).status).toBe(404);
  });
});

describe('the clock', () => {
  it('advances by the requested seconds, even fractions, and returns the new time', async () => {
    const read = async () => (await stint.admin.get('/admin/clock')).body as { now: string; mode: string };
    const { now, mode } = await read();
    expect(mode).toBe('virtual');
    const moved = await stint.advance(1.5);
    expect([moved.status, Date.parse(moved.body.now as string) - Date.parse(now)]).toEqual([200, 1500]);
    expect(await read()).toEqual(moved.body);
    expect((await stint.advance(0)).body).toEqual(moved.body);
  });

  it('cannot be advanced if it is real: 409', async () => {
    const real = await TestService.start({ clock: 'real' });
    try {
      expect((await real.admin.get('/admin/clock')).body.mode).toBe('real');
      expect(errorOf(await real.advance(1))).toMatchObject({ status: 409, code: 1002 });
    } finally {
      await real.close();
    }
  });
});
