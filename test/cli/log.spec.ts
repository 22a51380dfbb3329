import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adminToken, bearer } from '../support/http.js';
import { serviceProcess } from '../support/process.js';

let folder: string;
let service: Awaited<ReturnType<typeof serviceProcess>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stint-'));
  await writeFile(join(folder, 'stint.yaml'), 'backends: [{ name: b1, driver: scripted }]\n');
  service = await serviceProcess({
    STINT_CONFIG: join(folder, 'stint.yaml'),
    STINT_DATA: join(folder, 'data'),
    STINT_ADMIN_TOKEN: adminToken,
    STINT_TRUSTED_PROXIES: '127.0.0.1',
  });
});
afterAll(async () => {
  service.signal('SIGTERM');
  await service.ended;
  await rm(folder, { recursive: true, force: true });
});

async function call(method: string, path: string, body?: object, more: Record<string, string> = {}) {
  const headers = { ...bearer(adminToken), 'content-type': 'application/json', ...more };
  const answer = await fetch(service.url + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, any> }; // eslint-disable-line @typescript-eslint/no-explicit-any -- tests look into it by path
}

const requestTo = (path: string) =>
  service.line(`the request to ${path}`, (line) => line['context'] === 'Request' && line['path'] === path);
const act = (words: string) =>
  service.line(words, ({ msg, context }) => context === 'Admin' && String(msg).startsWith(words));

describe('the log contains one line', () => {
  it('for a request that changes something, with user, path, address and duration', async () => {
    const job = { program_id: 'scripted', backend: 'b1', params: { duration: 0 } };
    expect(
      (await call('POST', '/api/v1/jobs?note=secret', job, { 'x-forwarded-for': '203.0.113.9' })).status,
    ).toBe(200);
    expect(await requestTo('/api/v1/jobs')).toMatchObject({
      ...{ level: 30, method: 'POST', status: 200, user: 'admin', instance: 'default' },
      ...{ address: '203.0.113.9', ms: expect.any(Number), trace: expect.any(String) },
    });
  });

  it('for a refused request, with the trace of its answer', async () => {
    const { status, body } = await call('GET', '/api/v1/jobs/nothing');
    expect(status).toBe(404);
    expect(await requestTo('/api/v1/jobs/nothing')).toMatchObject({
      level: 30,
      status: 404,
      trace: body['trace'],
    });
  });

  it.each([
    [
      'with an invalid token',
      () => call('GET', '/api/v1/sessions', undefined, { authorization: 'Bearer x' }),
    ],
    ['with an invalid path', () => call('GET', '/api/v1/%zz')],
    [
      'that is not HTTP',
      () =>
        new Promise<{ body: { trace: string } }>((resolve) => {
          const { hostname, port } = new URL(service.url);
          let text = '';
          const socket = connect(Number(port), hostname, () => socket.write('NONSENSE\r\n\r\n'));
          socket.setEncoding('utf8').on('data', (part: string) => (text += part));
          socket.once('close', () =>
            resolve({ body: JSON.parse(text.slice(text.indexOf('{'))) as { trace: string } }),
          );
        }),
    ],
  ])('for a request %s, with the trace of its answer', async (_, ask) => {
    const { trace } = (await ask()).body as { trace: string };
    expect(await service.line(trace, (line) => line['trace'] === trace)).toMatchObject({ level: 30 });
  });

  it('for each operator call that changes something, with admin, action and target', async () => {
    const made = await call('POST', '/api/v1/admin/tokens', { user: 'eve', instance: 'lab-e' });
    const { id, token } = made.body as { id: string; token: string };
    expect(await act(`Admin admin: add token ${id}`)).toMatchObject({
      ...{ level: 30, by: 'admin', on: id, new_user: 'eve', new_instance: 'lab-e', address: '127.0.0.1' },
    });
    await call('PATCH', '/api/v1/admin/backends/b1', { status: 'paused', reason: 'calibration' });
    expect(await act('Admin admin: change backend b1')).toMatchObject({
      ...{ new_status: 'paused', new_reason: 'calibration', members: ['status', 'reason'] },
    });
    await call('POST', '/api/v1/admin/instances', { name: 'lab-x', shares: 2 });
    await act('Admin admin: add instance');
    await call('DELETE', `/api/v1/admin/tokens/${id}`);
    await act(`Admin admin: revoke token ${id}`);
    expect(service.raw()).not.toContain(token);
  });

  it('for no operator call that was refused or only reads', async () => {
    await call('DELETE', '/api/v1/admin/tokens/nothing');
    await requestTo('/api/v1/admin/tokens/nothing');
    await call('GET', '/api/v1/admin/tokens');
    const acts = service.lines.filter(({ context }) => context === 'Admin').map(({ msg }) => String(msg));
    expect(acts.filter((msg) => /nothing|list/.test(msg))).toEqual([]);
  });
});

describe('a log that cannot be written', () => {
  it('stops neither requests nor an orderly shutdown', async () => {
    const full = await open('/dev/full', 'w');
    const config = { STINT_CONFIG: join(folder, 'stint.yaml'), STINT_DATA: join(folder, 'silent') };
    const silent = await serviceProcess({ ...config, STINT_ADMIN_TOKEN: adminToken }, full.fd);
    for (let n = 0; n < 3; n++) {
      const answer = await fetch(`${silent.url}/nowhere`, { signal: AbortSignal.timeout(5000) });
      expect(answer.status).toBe(404);
    }
    silent.signal('SIGTERM');
    expect(await silent.ended).toBe(0);
    await full.close();
  });
});
