import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { adminToken, errorOf, TestService } from '../support/http.js';

let stint: TestService;
beforeAll(async () => (stint = await TestService.start()));
afterAll(() => stint.close());

const exchange = async (apikey: string): Promise<string> => {
  const form = new URLSearchParams({ grant_type: 'urn:ibm:params:oauth:grant-type:apikey', apikey });
  const answer = await stint.call('POST', '/identity/token', { token: null, body: form.toString() });
  return answer.body.access_token as string;
};

describe('a request', () => {
  it.each([
    ['no token', {}],
    ['an unknown token', { authorization: `Bearer stint_${'x'.repeat(43)}` }],
    ['an invalid JWT', { authorization: 'Bearer eyJhbGciOiJIUzI1NiJ9.e30.x' }],
    ['another scheme', { authorization: `Basic ${adminToken}` }],
    ['an empty header', { authorization: '' }],
  ])('with %s is refused: 401', async (_, headers) => {
    const answer = await stint.call('GET', '/api/v1/sessions', { token: null, headers });
    expect(errorOf(answer)).toMatchObject({ status: 401, code: 3407 });
  });

  it.each(['Bearer', 'bearer', 'apikey'])('may send its token with the scheme %s', async (scheme) => {
    const { token } = await stint.user('alice');
    expect((await stint.call('GET', '/api/v1/sessions', { token, scheme })).status).toBe(200);
  });

  it('is refused if its header "api-key" and Authorization have different tokens: 401', async () => {
    const [alice, bob] = [await stint.user('alice'), await stint.user('bob')];
    const status = async (key: string, scheme: string) => {
      const headers = { 'api-key': key, authorization: scheme };
      return (await stint.call('GET', '/api/v1/sessions', { token: null, headers })).status;
    };
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
    expect(await status(alice.token, `Bearer ${alice.token}`)).toBe(200);
    expect(await status(alice.token, `Bearer ${await exchange(alice.token)}`)).toBe(200);
    expect(await status(alice.token, basic(`alice:${alice.token}`))).toBe(200);
    expect(await status(alice.token, 'Bearer stint_wrong')).toBe(401);
    expect(await status('stint_wrong', `Bearer ${alice.token}`)).toBe(401);
    expect(await status(bob.token, `Bearer ${alice.token}`)).toBe(401);
    expect(await status(adminToken, basic(`alice:${alice.token}`))).toBe(401);
    expect(await status('stint_wrong', basic(`alice:${alice.token}`))).toBe(401);
  });

  it.each(['/health/live', '/health/ready'])('needs no token for %s', async (path) => {
    const answer = await stint.call('GET', path, { token: null });
    expect([answer.status, answer.body]).toEqual([200, { status: 'ok' }]);
  });
});

describe('a token', () => {
  it('that is revoked is refused immediately, and so is a JWT that it was exchanged for', async () => {
    const { id, token } = await stint.user('bob');
    const jwt = await exchange(token);
    const statuses = async () => [
      (await stint.as(token).get('/sessions')).status,
      (await stint.as(jwt).get('/sessions')).status,
    ];
    expect(await statuses()).toEqual([200, 200]);
    expect((await stint.admin.delete(`/admin/tokens/${id}`)).status).toBe(204);
    expect(await statuses()).toEqual([401, 401]);
  });

  it('is accepted until it expires, and no longer at that moment', async () => {
    const now = Date.parse((await stint.admin.get('/admin/clock')).body.now as string);
    const expires_at = new Date(now + 10_000).toISOString();
    const { token } = await stint.user('carol', 'lab-a', { expires_at });
    await stint.advance(9.999);
    expect((await stint.as(token).get('/sessions')).status).toBe(200);
    await stint.advance(0.001);
    expect((await stint.as(token).get('/sessions')).status).toBe(401);
  });

  it('of a user is not enough for the operator API: 403', async () => {
    const user = await stint.user('dave');
    const calls = await Promise.all([
      user.get('/admin/backends'),
      user.post('/admin/tokens', { user: 'dave', instance: 'lab-a', role: 'admin' }),
      user.post('/admin/clock', { advance_seconds: 1 }),
      user.get('/admin/ledger'),
    ]);
    for (const answer of calls) {
      expect(errorOf(answer)).toMatchObject({
        status: 403,
        code: 2409,
        message: expect.stringMatching(/admin/),
      });
    }
  });
});

describe('the exchange of a token for a JWT', () => {
  it('returns a JWT that is valid for one hour and acts for the same user', async () => {
    const { token } = await stint.user('erin');
    const answer = await stint.call('POST', '/identity/token', { token: null, body: `apikey=${token}` });
    expect(answer).toMatchObject({ status: 200, body: { token_type: 'Bearer', expires_in: 3600 } });
    const jwt = answer.body.access_token as string;
    const payload = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as {
      iat: number;
      exp: number;
    };
    expect(payload.exp - payload.iat).toBe(3600);
    expect(payload.exp).toBe(answer.body.expiration);
    const session = await stint.as(jwt).post('/sessions', { backend: 'b1' });
    expect(session.body).toMatchObject({ user_id: 'erin' });
  });

  it.each([
    ['a form', 'application/x-www-form-urlencoded'],
    ['a form whose type old clients misspell', 'applicaton/x-www-form-urlencoded'],
    ['a form that claims to be JSON', 'application/json'],
    ['a form with an unknown type', 'x'],
  ])('accepts %s', async (_, type) => {
    const body = new URLSearchParams({ apikey: adminToken, response_type: 'cloud_iam' }).toString();
    const headers = { 'content-type': type };
    expect((await stint.call('POST', '/identity/token', { token: null, body, headers })).status).toBe(200);
  });

  it.each(['apikey=nobody', 'grant_type=x', ''])('refuses the body %j: 401', async (body) => {
    const answer = await stint.call('POST', '/identity/token', { token: null, body });
    expect(errorOf(answer)).toMatchObject({ status: 401, code: 3407 });
  });
});

describe('Service-CRN', () => {
  it('may name the instance of the token, or be absent', async () => {
    const { token, crn } = await stint.user('frank', 'lab-f');
    expect((await stint.call('GET', '/api/v1/sessions', { token, crn })).status).toBe(200);
    expect((await stint.call('GET', '/api/v1/sessions', { token })).status).toBe(200);
  });

  it('that names another instance is refused: 403', async () => {
    const { token, crn: own } = await stint.user('frank', 'lab-f');
    const { crn } = await stint.user('grace', 'lab-g');
    const answer = await stint.call('GET', '/api/v1/sessions', { token, crn });
    expect(errorOf(answer)).toMatchObject({
      ...{ status: 403, code: 2409, message: expect.stringContaining(crn) },
      solution: expect.stringContaining(own),
    });
  });

  it('may name any instance if the token is an admin token', async () => {
    const grace = await stint.user('grace', 'lab-g');
    const opened = await stint.call('POST', '/api/v1/sessions', { crn: grace.crn, body: {} });
    expect((await grace.get(`/sessions/${opened.body.id as string}`)).status).toBe(200);
  });
});

describe('a session or job of another instance', () => {
  it('is not found: 404', async () => {
    const [heidi, ivan] = [await stint.user('heidi', 'lab-h'), await stint.user('ivan', 'lab-i')];
    const { id } = (await heidi.post('/sessions', { backend: 'b2' })).body as { id: string };
    const params = { duration: 1 };
    const body = { program_id: 'scripted', backend: 'b2', params, session_id: id };
    const job = (await heidi.post('/jobs', body)).body as { id: string };
    const seen = await Promise.all([
      ivan.get(`/sessions/${id}`),
      ivan.patch(`/sessions/${id}`, { accepting_jobs: false }),
      ivan.delete(`/sessions/${id}/close`),
      ivan.get(`/jobs/${job.id}`),
      ivan.get(`/jobs/${job.id}/results`),
      ivan.get(`/jobs/${job.id}/logs`),
      ivan.post(`/jobs/${job.id}/cancel`),
      ivan.put(`/jobs/${job.id}/tags`, { tags: [] }),
      ivan.delete(`/jobs/${job.id}`),
    ]);
    expect(seen.map(({ status }) => status)).toEqual(Array(9).fill(404));
    expect((await ivan.get('/jobs')).body).toMatchObject({ jobs: [], count: 0 });
    expect((await ivan.get('/sessions')).body).toMatchObject({ sessions: [] });
  });
});
