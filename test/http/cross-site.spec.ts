import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from 'node:http';
import { basic, givenLivy, livyUser, type LivyUser } from '../support/livy.js';
import { adminToken, bearer, type TestService } from '../support/http.js';

let stint: TestService;
let alice: LivyUser;
let url: URL;
beforeAll(async () => {
  stint = await givenLivy();
  alice = await livyUser(stint);
  url = new URL(stint.url);
});
afterAll(async () => {
  const { body } = await alice.call('GET', '/sessions');
  for (const { id } of body.sessions as { id: number }[]) await alice.call('DELETE', `/sessions/${id}`);
  await stint.close();
});

/** Sends a request without `fetch`, which sets the headers of browsers itself. */
const send = (method: string, path: string, headers: Record<string, string>, body?: string) =>
  new Promise<{ status: number; text: string; headers: Record<string, unknown> }>((resolve, reject) => {
    const sent = request({ host: url.hostname, port: url.port, path, method, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text, headers: answer.headers }));
    });
    sent.on('error', reject).end(body);
  });

const pages = [
  ['Origin', { origin: 'https://evil.example' }],
  ['a hidden Origin', { origin: 'null' }],
  ['Sec-Fetch-Site: cross-site', { 'sec-fetch-site': 'cross-site' }],
  ['Sec-Fetch-Site: same-site', { 'sec-fetch-site': 'same-site' }],
] as const;

describe.each(pages)('a page of another site (%s)', (_, page) => {
  it('cannot run code in a session with a password that the browser stores', async () => {
    const id = await alice.session();
    const form = { ...basic('alice', alice.token), ...page, 'content-type': 'text/plain' };
    const path = `/livy/sessions/${id}/statements`;
    const answer = await send('POST', path, form, '{"code":"1+1"}');
    expect([answer.status, Object.keys(JSON.parse(answer.text) as object)]).toEqual([403, ['msg']]);
    expect(answer.text).toMatch(/another site.*Bearer/);
    // A challenge would make the browser ask its user for the password again.
    expect(answer.headers['www-authenticate']).toBeUndefined();
    expect((await alice.call('GET', `/sessions/${id}/statements`)).body.total_statements).toBe(0);
    await alice.call('DELETE', `/sessions/${id}`);
  });

  it.each([
    ['POST', '/livy/sessions'],
    ['POST', '/livy/batches'],
    ['GET', '/livy/sessions'],
    ['POST', '/api/v1/sessions'],
    ['POST', '/api/v1/jobs'],
    ['GET', '/api/v1/jobs'],
    ['PUT', '/nexosis/v1/data/sales'],
    ['POST', '/nexosis/v1/sessions/forecast'],
    ['GET', '/nexosis/v1/data'],
  ])('is refused at %s %s with Basic, but not with a Bearer token', async (method, path) => {
    const body = method === 'GET' ? undefined : '{"wrong":1}';
    const refused = await send(method, path, { ...basic('alice', alice.token), ...page }, body);
    expect([refused.status, refused.text]).toEqual([403, expect.stringMatching(/another site/)]);
    const withBearer = await send(method, path, { ...bearer(alice.token), ...page }, body);
    expect(withBearer.status).not.toBe(403);
  });

  it('cannot create an admin token', async () => {
    const made = { user: 'eve', instance: 'lab-e', role: 'admin' };
    const headers = { ...basic('admin', adminToken), ...page };
    const answer = await send('POST', '/api/v1/admin/tokens', headers, JSON.stringify(made));
    expect(answer.status).toBe(403);
  });

  it('gets the same refusal for a wrong password', async () => {
    const wrong = await send('GET', '/livy/sessions', { ...basic('alice', 'wrong'), ...page });
    expect(wrong.status).toBe(403);
  });
});

describe('HTTP Basic', () => {
  it.each([
    ['from a client other than a browser', () => ({})],
    ['for an address that somebody typed', () => ({ 'sec-fetch-site': 'none' })],
    ['from pages of the service', () => ({ 'sec-fetch-site': 'same-origin', origin: url.origin })],
    ['from pages of the service over plain HTTP', () => ({ origin: url.origin })],
    [
      'from pages of the service under another host name',
      () => ({ host: 'lab:8080', origin: 'http://lab:8080' }),
    ],
  ])('%s is accepted', async (_, page) => {
    const headers = { ...basic('alice', alice.token), ...page() };
    for (const path of ['/livy/sessions', '/api/v1/jobs', '/nexosis/v1/data'])
      expect((await send('GET', path, headers)).status).toBe(200);
  });
});
