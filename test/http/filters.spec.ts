import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { errorOf, givenBackend, TestService } from '../support/http.js';

/** Alice has a session on b1 with a job in it; so has bob, of another instance. b2 was never used. */
let stint: TestService;
let alice: Awaited<ReturnType<TestService['user']>>;
let sessionOfAlice: string;
let sessionOfBob: string;
beforeAll(async () => {
  stint = await TestService.start({
    backends: ['b1', 'b2', 'gone'].map((name) => givenBackend({ name })),
  });
  alice = await stint.user('alice', 'lab-a');
  const bob = await stint.user('bob', 'lab-b');
  const job = { program_id: 'scripted', params: {} };
  sessionOfAlice = (await alice.post('/sessions', { backend: 'b1' })).body.id as string;
  sessionOfBob = (await bob.post('/sessions', { backend: 'b1' })).body.id as string;
  await alice.post('/jobs', { ...job, session_id: sessionOfAlice });
  await bob.post('/jobs', { ...job, session_id: sessionOfBob });
  await alice.post('/jobs', { ...job, backend: 'gone', params: { duration: 1 } });
  await stint.advance(5);
  const removed = await stint.admin.delete('/admin/backends/gone');
  if (removed.status !== 204) throw new Error(removed.text);
});
afterAll(() => stint.close());

describe('a filter with an unknown value or name is refused, and the refusal names it:', () => {
  it.each([
    ['/jobs?session_id=s9', 404, 1008, 'There is no session s9 in instance lab-a.'],
    ['/jobs?backend=b9', 404, 1007, 'There is no backend called b9.'],
    ['/jobs?program=smapler', 404, 1008, 'There is no program called smapler.'],
    ['/jobs?backend=b2&program=smapler', 404, 1008, 'There is no program called smapler.'],
    ['/jobs?backend=b9&pending=true&limit=1', 404, 1007, 'There is no backend called b9.'],
    ['/sessions?backend=b9', 404, 1007, 'There is no backend called b9.'],
    ['/sessions?backend=b9&mode=batch&state=closed', 404, 1007, 'There is no backend called b9.'],
  ])('GET %s', async (path, status, code, message) => {
    expect(errorOf(await alice.get(path))).toMatchObject({ status, code, message });
  });

  it.each([
    ['/jobs?program_id=sampler', 'There is no filter called program_id.', /^The nearest is program; /],
    ['/jobs?sesion_id=s9', 'There is no filter called sesion_id.', /^The nearest is session_id; /],
    ['/jobs?Backend=b1', 'There is no filter called Backend.', /^The nearest is backend; /],
    ['/jobs?created_afer=2026-01-01', 'There is no filter called created_afer.', /created_after/],
    ['/sessions?backend_name=b1', 'There is no filter called backend_name.', /^The nearest is backend; /],
    ['/jobs?session_id=', 'The filter by session is empty.', /leave the filter out/],
    ['/jobs?backend=', 'The filter by backend is empty.', /leave the filter out/],
    ['/jobs?program=', 'The filter by program is empty.', /leave the filter out/],
    ['/sessions?backend=', 'The filter by backend is empty.', /leave the filter out/],
  ])('GET %s: 400', async (path, message, solution) => {
    const { status, body } = await alice.get(path);
    expect([status, body.errors[0].message]).toEqual([400, message]);
    expect(body.errors[0].solution).toMatch(solution);
  });

  it.each(['exclude_params=true', 'descending=true', 'hub=a&group=b', 'x=1'])(
    'but a parameter that resembles no filter is ignored: %s',
    async (query) => {
      expect((await alice.get(`/jobs?${query}`)).status).toBe(200);
    },
  );

  it.each([
    ['/admin/sessions?backend=b9', 404, 1007, 'There is no backend called b9.'],
    ['/admin/sessions?user=carl', 400, 1002, 'Nobody called carl ever had a token.'],
    ['/admin/sessions?instance=lab-9', 404, 1008, 'There is no instance lab-9.'],
    ['/admin/sessions?user=carl&state=open', 400, 1002, 'Nobody called carl ever had a token.'],
    ['/admin/ledger?backend=b9', 404, 1007, 'There is no backend called b9.'],
    ['/admin/ledger?user=carl', 400, 1002, 'Nobody called carl ever had a token.'],
    ['/admin/ledger?user=carl&backend=b1', 400, 1002, 'Nobody called carl ever had a token.'],
    ['/admin/ledger?user=alice&backend=b9', 404, 1007, 'There is no backend called b9.'],
    ['/admin/ledger?instance=lab-9', 404, 1008, 'There is no instance lab-9.'],
  ])('GET %s', async (path, status, code, message) => {
    expect(errorOf(await stint.admin.get(path))).toMatchObject({ status, code, message });
  });

  it('a session of another instance is refused like an unknown one', async () => {
    const [theirs, none] = [
      await alice.get(`/jobs?session_id=${sessionOfBob}`),
      await alice.get('/jobs?session_id=s9'),
    ];
    expect(errorOf(theirs).message.replace(sessionOfBob, 's9')).toBe(errorOf(none).message);
  });

  it('for an admin, the refusal names the instance of the session and the header to send', async () => {
    const refused = errorOf(await stint.admin.get(`/jobs?session_id=${sessionOfBob}`));
    expect(refused).toMatchObject({
      ...{ status: 404, code: 1008, message: `There is no session ${sessionOfBob} in instance default.` },
      solution: expect.stringMatching(/belongs to instance lab-b.* Service-CRN crn:/),
    });
    const crn = /crn:\S+[^.\s]/.exec(refused.solution ?? '')?.[0] ?? '';
    const { token } = alice;
    expect((await stint.admin.get(`/jobs?session_id=${sessionOfBob}`, { crn })).body).toMatchObject({
      count: 1,
    });
    expect(errorOf(await stint.call('GET', '/api/v1/jobs', { token, crn }))).toMatchObject({ status: 403 });
  });

  it('the refusal lists the known values', async () => {
    const solution = async (path: string) => errorOf(await alice.get(path)).solution;
    expect(await solution('/jobs?backend=b9')).toBe('Backends here: b1, b2.');
    expect(await solution('/jobs?program=smapler')).toBe('Programs here: scripted.');
  });
});

describe('a filter by a known value without matches returns an empty list:', () => {
  it.each([
    '/jobs?backend=b2',
    '/jobs?program=scripted&tags=none',
    '/jobs?backend=gone&tags=none',
    '/jobs?tags=none',
    '/sessions?backend=b2',
  ])('GET %s', async (path) => {
    const { status, body } = await alice.get(path);
    expect([status, (body.jobs ?? body.sessions) as unknown[]]).toEqual([200, []]);
  });

  it.each(['/admin/sessions?backend=b2', '/admin/sessions?user=admin', '/admin/sessions?backend=gone'])(
    'GET %s',
    async (path) => {
      expect(await stint.admin.get(path)).toMatchObject({ status: 200, body: { sessions: [] } });
    },
  );

  it('for a session without jobs', async () => {
    const id = (await alice.post('/sessions', { backend: 'b2' })).body.id as string;
    expect((await alice.get(`/jobs?session_id=${id}`)).body).toMatchObject({ jobs: [], count: 0 });
  });

  it('for the charges of a removed backend and a user who never ran jobs there', async () => {
    const { status, body } = await stint.admin.get('/admin/ledger?backend=gone&user=bob');
    expect([status, body.entries]).toEqual([200, []]);
  });

  it('but the jobs of a removed backend are still found by its name', async () => {
    expect((await alice.get('/jobs?backend=gone')).body).toMatchObject({ count: 1 });
  });
});

describe('Service-CRN', () => {
  const asAdmin = async (crn: string) => errorOf(await stint.admin.get('/jobs', { crn }));

  it('with the name of an instance is refused, and an admin gets its CRN', async () => {
    expect(await asAdmin('lab-a')).toEqual({
      ...{
        status: 403,
        code: 2409,
        message: 'Service-CRN must be a CRN, but lab-a is the name of an instance.',
      },
      solution: `Send Service-CRN ${alice.crn}.`,
    });
  });

  it('of an unknown instance is refused, and an admin is referred to the list', async () => {
    for (const crn of ['lab-9', 'crn:v1:none'])
      expect(await asAdmin(crn)).toEqual({
        ...{ status: 403, code: 2409, message: `There is no instance ${crn}.` },
        solution: 'GET /api/v1/admin/instances lists all with their CRNs.',
      });
  });

  it('of another instance is refused, and a user sees only the own CRN', async () => {
    const { token, crn } = alice;
    for (const other of ['lab-b', 'lab-9']) {
      expect(errorOf(await stint.call('GET', '/api/v1/jobs', { token, crn: other }))).toEqual({
        ...{ status: 403, code: 2409, message: `This token acts for instance lab-a, not for ${other}.` },
        solution: `Use Service-CRN ${crn}, or a token made for the other instance.`,
      });
    }
  });

  it('in the body of POST /sessions is refused, and an admin is advised to send it as a header', async () => {
    const body = { backend: 'b1', instance: alice.crn };
    expect(errorOf(await stint.admin.post('/sessions', body))).toMatchObject({
      ...{ status: 403, solution: `Send Service-CRN ${alice.crn}.` },
    });
    const byName = errorOf(await stint.admin.post('/sessions', { backend: 'b1', instance: 'lab-a' }));
    expect(byName).toMatchObject({ status: 403, solution: expect.stringContaining(alice.crn) });
  });
});
