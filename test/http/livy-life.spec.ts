import { afterEach, describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { LivyConfig } from '../../src/dialects/livy/settings.js';
import { eventually, isAlive } from '../support/eventually.js';
import { TestService } from '../support/http.js';
import { givenLivy, livyUser, type LivyUser } from '../support/livy.js';
import { sharedService } from '../support/shared-service.js';

async function closeSessions(stint: TestService): Promise<void> {
  const { body } = await stint.call('GET', '/livy/sessions');
  for (const { id } of body.sessions as { id: number }[]) await stint.call('DELETE', `/livy/sessions/${id}`);
}

const started: TestService[] = [];
async function given(...how: Parameters<typeof givenLivy>): Promise<{ stint: TestService; alice: LivyUser }> {
  const stint = await givenLivy(...how);
  started.push(stint);
  return { stint, alice: await livyUser(stint) };
}
afterEach(async () => {
  for (const stint of started.splice(0)) {
    await closeSessions(stint);
    await stint.close();
  }
});

const stateOf = async (alice: LivyUser, id: number) =>
  (await alice.call('GET', `/sessions/${id}/state`)).body.state;

describe('in one service', () => {
  const service = sharedService(() => givenLivy(), closeSessions);
  let instances = 0;
  /** The shared service, and a user of a new instance. */
  const shared = async () => {
    const stint = await service();
    const instance = `lab-${(instances += 1)}`;
    return { stint, instance, alice: await livyUser(stint, 'alice', instance) };
  };

  describe('a session ends', () => {
    it('after its idleTimeout, which a connect extends and polling does not', async () => {
      const { stint, alice } = await shared();
      const id = await alice.session({ kind: 'pyspark', idleTimeout: '20s' });
      const pid = Number((await alice.run(id, 'pid'))['output'].data['text/plain']);
      await stint.advance(15);
      expect((await alice.call('POST', `/sessions/${id}/connect`)).body.state).toBe('idle');
      await stint.advance(19);
      expect(await stateOf(alice, id)).toBe('idle');
      await stint.advance(1);
      const gone = await eventually('404', async () => {
        const answer = await alice.call('GET', `/sessions/${id}`);
        return answer.status === 404 ? answer : undefined;
      });
      const why = /^Session '\d+' not found\. It ended at 20\d\d-\S+Z: idleTimeout of 20 s expired\.$/;
      expect(gone.body.msg).toMatch(why);
      expect(isAlive(pid)).toBe(false);
      expect((await alice.call('GET', '/sessions')).body.total).toBe(0);
      // Hours later, and with a new session, the reason is still there.
      await stint.advance(3600);
      await alice.session();
      await stint.advance(24 * 3600);
      await alice.call('POST', '/sessions', {});
      for (const path of ['', '/state', '/log', '/statements', '/statements/0']) {
        const answer = await alice.call('GET', `/sessions/${id}${path}`);
        expect([answer.status, answer.body]).toEqual([404, { msg: gone.body.msg }]);
      }
      const eve = await livyUser(stint, 'eve', 'lab-b');
      expect((await eve.call('GET', `/sessions/${id}`)).body.msg).toBe(`Session '${id}' not found.`);
    });

    it('never by its idleTimeout while it is busy', async () => {
      const { stint, alice } = await shared();
      const id = await alice.session({ kind: 'pyspark', idleTimeout: '20s' });
      const { body } = await alice.call('POST', `/sessions/${id}/statements`, { code: 'wait' });
      await alice.statementIn(id, body.id, 'running');
      await stint.advance(3600);
      expect(await stateOf(alice, id)).toBe('busy');
    });

    it('by its idleTimeout even while it is busy, if the backend has busy_is_idle', async () => {
      const { stint, alice } = await given({}, { options: { busy_is_idle: true } });
      const id = await alice.session({ kind: 'pyspark', idleTimeout: '20s' });
      await alice.call('POST', `/sessions/${id}/statements`, { code: 'wait' });
      await alice.statementIn(id, 0, 'running');
      await stint.advance(20);
      await eventually('404', async () => (await alice.call('GET', `/sessions/${id}`)).status === 404);
    });

    it('at its ttl, even while it is busy', async () => {
      const { stint, alice } = await shared();
      const id = await alice.session({ kind: 'pyspark', ttl: '1m' });
      await alice.call('POST', `/sessions/${id}/statements`, { code: 'wait' });
      await stint.advance(60);
      await eventually('404', async () => (await alice.call('GET', `/sessions/${id}`)).status === 404);
      await eventually('an empty folder', () => readdirSync(join(stint.folder, 'spark')).length === 0);
    });

    it('when its client is silent for its heartbeat timeout, even while it is busy, and listing sessions does not count', async () => {
      const { stint, alice } = await shared();
      const id = await alice.session({ kind: 'pyspark', heartbeatTimeoutInSecond: 10 });
      await alice.call('POST', `/sessions/${id}/statements`, { code: 'wait' });
      for (let i = 0; i < 3; i += 1) {
        await stint.advance(9);
        expect(await stateOf(alice, id)).toBe('busy');
      }
      await stint.advance(9);
      await alice.call('GET', '/sessions');
      await stint.advance(1);
      await eventually('an empty folder', () => readdirSync(join(stint.folder, 'spark')).length === 0);
      expect((await alice.call('GET', `/sessions/${id}`)).body.msg).toMatch(/silent for 10 s/);
    });

    it('when it is stopped, and is shown as dead until its retention ends', async () => {
      const { stint, alice } = await shared();
      const id = await alice.session();
      expect((await alice.call('POST', `/sessions/${id}/stop`)).status).toBe(204);
      await alice.sessionIn(id, 'dead');
      await stint.advance(599);
      expect(await stateOf(alice, id)).toBe('dead');
      await stint.advance(1);
      const gone = await alice.call('GET', `/sessions/${id}`);
      expect([gone.status, gone.body.msg]).toEqual([
        404,
        expect.stringMatching(/It ended at \S+Z: stopped by user alice\.$/),
      ]);
      expect((await alice.call('GET', '/sessions')).body.total).toBe(0);
    });

    it('when an admin closes it', async () => {
      const { stint, alice } = await shared();
      const id = await alice.session();
      const [{ id: uuid }] = (await stint.admin.get('/admin/sessions?backend=spark')).body.sessions;
      await stint.admin.post(`/admin/sessions/${uuid}/close`, { reason: 'maintenance' });
      await alice.sessionIn(id, 'killed');
    });
  });

  describe('a session', () => {
    it('is charged for its slot, in the same ledger as sessions of other dialects', async () => {
      const { stint, alice, instance } = await shared();
      const id = await alice.session();
      await stint.advance(30);
      await alice.call('DELETE', `/sessions/${id}`);
      const ann = await stint.user('alice', instance);
      const qiskit = (await ann.post('/sessions', { backend: 'b1' })).body.id as string;
      await ann.post('/jobs', {
        program_id: 'scripted',
        backend: 'b1',
        session_id: qiskit,
        params: { duration: 5 },
      });
      await stint.advance(5);
      await ann.delete(`/sessions/${qiskit}/close`);
      const { entries } = (await stint.admin.get(`/admin/ledger?instance=${instance}&user=alice`)).body;
      expect(
        (entries as { kind: string; backend: string; charged_seconds: number }[]).map((entry) => [
          entry.kind,
          entry.backend,
          entry.charged_seconds,
        ]),
      ).toEqual([
        ['hold', 'spark', 30],
        ['hold', 'b1', 5],
      ]);
    });

    it('waits in fair-share order: the instance with less charged time goes first', async () => {
      const { stint, alice } = await given({}, { slots: 1 });
      const first = await alice.session();
      await stint.advance(100);
      const second = (await alice.call('POST', '/sessions', {})).body.id as number;
      const eve = await livyUser(stint, 'eve', 'lab-b');
      const hers = (await eve.call('POST', '/sessions', {})).body.id as number;
      await alice.call('DELETE', `/sessions/${first}`);
      await eve.sessionIn(hers, 'idle');
      expect(await stateOf(alice, second)).toBe('not_started');
      await eve.call('DELETE', `/sessions/${hers}`);
      await alice.sessionIn(second, 'idle');
    });
  });
});

describe('a restarted service', () => {
  /** Stops the service as `kill -9` does: without a message to its interpreters. */
  const again = async ({ stint }: { stint: TestService }, backend = {}) => {
    started.splice(started.indexOf(stint), 1);
    await stint.close('keep');
    const back = await givenLivy({}, backend, stint.folder);
    started.push(back);
    return back;
  };

  it('reconnects to its interpreters, with their variables, statements, results and session numbers', async () => {
    const before = await given();
    const { alice } = before;
    const [idle, busy] = [await alice.session(), await alice.session()];
    await alice.run(idle, 'var x = 42');
    const gate = join(before.stint.folder, 'gate');
    const { body } = await alice.call('POST', `/sessions/${busy}/statements`, { code: `until ${gate}` });
    await alice.statementIn(busy, body.id, 'running');
    const next = (await alice.call('POST', `/sessions/${busy}/statements`, { code: '6 * 7' })).body
      .id as number;
    const back = await livyUser(await again(before));
    expect([await stateOf(back, idle), await stateOf(back, busy)]).toEqual(['idle', 'busy']);
    writeFileSync(gate, '');
    const over = await back.statementIn(busy, body.id, 'available');
    expect(over['output'].data['text/plain']).toBe('there it is');
    expect((await back.statementIn(busy, next, 'available'))['output'].data['text/plain']).toBe('42');
    expect((await back.run(idle, 'x'))['output'].data['text/plain']).toBe('42');
    expect((await back.call('GET', `/sessions/${idle}/statements`)).body.total_statements).toBe(2);
    await back.call('DELETE', `/sessions/${idle}`);
    expect((await back.call('POST', '/sessions', {})).body.id).toBe(busy + 1);
  });

  it('reconnects to an interpreter that speaks an earlier protocol version', async () => {
    const before = await given();
    const { alice } = before;
    const id = await alice.session({ kind: 'pyspark', conf: { 'fake.protocol': '1' } });
    await alice.run(id, 'var x = 1');
    const gate = join(before.stint.folder, 'gate');
    const { body } = await alice.call('POST', `/sessions/${id}/statements`, { code: `until ${gate}` });
    await alice.statementIn(id, body.id, 'running');
    const back = await livyUser(await again(before));
    writeFileSync(gate, '');
    expect((await back.statementIn(id, body.id, 'available'))['output'].data['text/plain']).toBe(
      'there it is',
    );
    const long = `"${'ü'.repeat(400_000)}".length + x`;
    expect((await back.run(id, long))['output'].data['text/plain']).toBe('400001');
    expect((await back.run(id, 'much 700000'))['output'].data['text/plain']).toHaveLength(700_000);
    const completion = await back.call('POST', `/sessions/${id}/completion`, { code: 'ab', cursor: 1 });
    expect(completion.body).toEqual({ candidates: ['ab1'] });
    const wait = (await back.call('POST', `/sessions/${id}/statements`, { code: 'wait' })).body.id as number;
    await eventually(
      'its progress',
      async () => (await back.statementIn(id, wait, 'running'))['progress'] === 0.5,
    );
    await back.call('POST', `/sessions/${id}/statements/${wait}/cancel`);
    await back.statementIn(id, wait, 'cancelled');
  });

  it('reconnects to an interpreter that was still starting', async () => {
    const before = await given();
    const gate = join(before.stint.folder, 'gate');
    const { body } = await before.alice.call('POST', '/sessions', { conf: { 'fake.start': gate } });
    await eventually('its process', () => existsSync(join(before.stint.folder, 'spark')));
    const back = await livyUser(await again(before));
    expect(await stateOf(back, body.id)).toBe('starting');
    writeFileSync(gate, '');
    await back.sessionIn(body.id, 'idle');
  });

  it('starts sessions beside those that still run in removed slots', async () => {
    const before = await given();
    const [first, second] = [await before.alice.session(), await before.alice.session()];
    const back = await livyUser(await again(before, { slots: 1 }));
    await back.call('DELETE', `/sessions/${first}`);
    const third = await back.session();
    expect([await stateOf(back, second), await stateOf(back, third)]).toEqual(['idle', 'idle']);
  });

  it('continues to cancel a statement', async () => {
    const before = await given();
    const { alice } = before;
    const id = await alice.session();
    await alice.call('POST', `/sessions/${id}/statements`, { code: 'deaf' });
    await alice.statementIn(id, 0, 'running');
    await alice.call('POST', `/sessions/${id}/statements/0/cancel`);
    expect((await alice.call('GET', `/sessions/${id}/statements/0`)).body.state).toBe('cancelling');
    const stint = await again(before);
    const back = await livyUser(stint);
    // The statement ignores the repeated cancel too, so its process is ended after half a minute.
    for (let i = 0; i < 4; i += 1) await stint.advance(10);
    await back.statementIn(id, 0, 'cancelled');
    await back.sessionIn(id, 'error');
  });

  it('closes a session whose interpreter has died, and does not charge for the outage', async () => {
    const before = await given();
    const { alice, stint } = before;
    const id = await alice.session();
    const pid = Number((await alice.run(id, 'pid'))['output'].data['text/plain']);
    await alice.call('POST', `/sessions/${id}/statements`, { code: 'wait' });
    await alice.statementIn(id, 1, 'running');
    await stint.advance(10);
    started.splice(started.indexOf(stint), 1);
    await stint.close('keep');
    process.kill(pid, 'SIGKILL');
    await eventually('its end', () => !isAlive(pid));
    const next = await givenLivy({}, {}, stint.folder);
    started.push(next);
    const back = await livyUser(next);
    expect(await stateOf(back, id)).toBe('dead');
    expect((await back.call('GET', `/sessions/${id}/statements/1`)).body).toMatchObject({
      ...{ state: 'available', output: { status: 'error' } },
    });
    await eventually('an empty folder', () => readdirSync(join(stint.folder, 'spark')).length === 0);
    const { entries } = (await next.admin.get('/admin/ledger?backend=spark')).body;
    expect((entries as { charged_seconds: number }[]).map((entry) => entry.charged_seconds)).toEqual([10]);
  });

  it('waits for a batch that still runs, and reads the exit code of one that ended meanwhile', async () => {
    const before = await given();
    const { alice } = before;
    const [file, gate] = ['hdfs:/x.py', join(before.stint.folder, 'gate')];
    const long = (await alice.call('POST', '/batches', { file, args: [gate, 0] })).body.id as number;
    const short = (await alice.call('POST', '/batches', { file, args: [300, 5] })).body.id as number;
    const spark = join(before.stint.folder, 'spark');
    started.splice(started.indexOf(before.stint), 1);
    await before.stint.close('keep');
    await eventually('the end of the short one', () =>
      readdirSync(spark).some((name) => existsSync(join(spark, name, 'exit.json'))),
    );
    const next = await givenLivy({}, {}, before.stint.folder);
    started.push(next);
    const back = await livyUser(next);
    const ends = (id: number, state: string) =>
      eventually(
        `${id} ${state}`,
        async () => (await back.call('GET', `/batches/${id}`)).body.state === state,
      );
    await ends(short, 'dead');
    writeFileSync(gate, '');
    await ends(long, 'success');
    await eventually('an empty folder', () => readdirSync(spark).length === 0);
  });
});

describe('a separate port for Livy', () => {
  const livy = (settings: Partial<LivyConfig>) => Object.assign(new LivyConfig(), { port: 0 }, settings);
  const anonymous = { user: 'ann', instance: 'lab-l' };
  const get = async (url: string, path: string, init: RequestInit = {}) => {
    const answer = await fetch(url + path, { redirect: 'manual', ...init });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };

  it('serves Livy at its root, and nothing else', async () => {
    const { stint } = await given({ livy: livy({ anonymous }) });
    const url = stint.ownUrl('Livy');
    const made = await get(url, '/sessions/', { method: 'POST', body: '{}' });
    expect([made.status, made.headers.get('location')]).toEqual([201, '/sessions/0']);
    expect(JSON.parse(made.text)).toMatchObject({ owner: 'ann', kind: 'shared' });
    expect((await get(url, '/')).headers.get('location')).toBe('/ui');
    expect((await get(url, '/ui/')).status).toBe(200);
    expect((await get(url, '/api/v1/admin/sessions')).status).toBe(404);
    expect(made.headers.get('x-frame-options')).toBe('SAMEORIGIN');
  });

  it('requires credentials if no anonymous user is configured', async () => {
    const { stint, alice } = await given({ livy: livy({}) });
    const url = stint.ownUrl('Livy');
    expect((await get(url, '/sessions')).status).toBe(401);
    const authorization = `Basic ${Buffer.from(`alice:${alice.token}`).toString('base64')}`;
    expect((await get(url, '/sessions', { headers: { authorization } })).status).toBe(200);
    expect((await stint.call('GET', '/livy/sessions', { token: null })).status).toBe(401);
  });

  it('does not act as the anonymous user for a page of another site', async () => {
    const { stint } = await given({ livy: livy({ anonymous }) });
    const url = new URL(stint.ownUrl('Livy'));
    const status = (headers: Record<string, string>, method = 'POST') =>
      new Promise<number | undefined>((resolve, reject) => {
        const sent = request({ host: url.hostname, port: url.port, path: '/sessions', method, headers });
        sent.on('response', (answer) => resolve(answer.resume().statusCode)).on('error', reject);
        sent.end(method === 'POST' ? '{"kind":"cobol"}' : undefined);
      });
    // A refusal of the kind shows that this client could open sessions.
    expect(await status({ 'content-type': 'text/plain' })).toBe(400);
    expect(await status({ host: `LOCALHOST:${url.port}` })).toBe(400);
    expect(await status({ host: '[::1]:8998' }, 'GET')).toBe(200);
    for (const origin of ['https://evil.example', 'null'])
      expect(await status({ origin, 'content-type': 'text/plain' })).toBe(401);
    for (const site of ['cross-site', 'same-site', 'same-origin'])
      expect(await status({ 'sec-fetch-site': site }, 'GET')).toBe(401);
    expect(await status({ 'sec-fetch-site': 'none' }, 'GET')).toBe(200);
    // The name was changed to resolve to this machine after the page was loaded (DNS rebinding).
    for (const host of ['evil.example:8998', 'localhost.evil.example'])
      expect(await status({ host }, 'GET')).toBe(401);
    const { token } = await stint.user('ann', 'lab-l');
    const own = { authorization: `Bearer ${token}`, origin: 'https://notebook.example' };
    expect(await status(own)).toBe(400);
  });
});
