import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, isAlive } from '../support/eventually.js';
import { basic, givenLivy, livyUser, type LivyUser } from '../support/livy.js';
import type { TestService } from '../support/http.js';

let stint: TestService;
let alice: LivyUser;
beforeAll(async () => {
  stint = await givenLivy();
  alice = await livyUser(stint);
});
afterAll(async () => {
  const { body } = await alice.call('GET', '/sessions');
  for (const { id } of body.sessions as { id: number }[]) await alice.call('DELETE', `/sessions/${id}`);
  await stint.close();
});

describe('a session', () => {
  it('is created with exactly the keys that clients expect, and a Location header', async () => {
    const made = await alice.call('POST', '/sessions', {
      kind: 'python',
      conf: { 'spark.x': 7 },
      name: 'first',
    });
    expect([made.status, made.headers.get('location')]).toEqual([201, `/livy/sessions/${made.body.id}`]);
    expect(made.body).toEqual({
      ...{
        id: expect.any(Number),
        name: 'first',
        appId: null,
        owner: 'alice',
        proxyUser: null,
        state: 'starting',
      },
      ...{ kind: 'pyspark', appInfo: { driverLogUrl: null, sparkUiUrl: null, executorLogUrls: null } },
      ...{ log: expect.arrayContaining(['stdout: ']), ttl: null, idleTimeout: null, driverMemory: null },
      ...{ driverCores: 0, executorMemory: null, executorCores: 0, conf: { 'spark.x': '7' }, archives: [] },
      ...{ files: [], heartbeatTimeoutInSecond: 0, jars: [], numExecutors: 0, pyFiles: [], queue: null },
    });
    const ready = await alice.sessionIn(made.body.id, 'idle');
    expect(ready).toMatchObject({
      appId: expect.stringMatching(/^app-/),
      appInfo: { sparkUiUrl: expect.any(String) },
    });
    expect((await alice.call('GET', '/sessions/first/state')).body).toEqual({
      id: made.body.id,
      state: 'idle',
    });
    expect((await alice.call('DELETE', '/sessions/first')).body).toEqual({ msg: 'deleted' });
    expect((await alice.call('GET', `/sessions/${made.body.id}`)).status).toBe(404);
  });

  it('has a number, and is found with and without a trailing slash', async () => {
    const { body } = await alice.call('POST', '/sessions/', '{}', {
      headers: { 'content-type': 'text/plain' },
    });
    expect([body.kind, typeof body.id]).toEqual(['shared', 'number']);
    expect((await alice.call('GET', `/sessions/${body.id}/`)).body.id).toBe(body.id);
    expect((await alice.call('DELETE', `/sessions/${body.id}`)).status).toBe(200);
  });

  it('that is deleted leaves no process and no folder', async () => {
    const id = await alice.session();
    const pid = Number((await alice.run(id, 'pid'))['output'].data['text/plain']);
    expect(isAlive(pid)).toBe(true);
    await alice.call('DELETE', `/sessions/${id}`);
    expect(isAlive(pid)).toBe(false);
    const spark = join(stint.folder, 'spark');
    expect(existsSync(spark) ? readdirSync(spark) : []).toEqual([]);
  });

  it('that waits for a slot is not_started, accepts statements and runs them later', async () => {
    const [one, two] = [await alice.session(), await alice.session()];
    const third = (await alice.call('POST', '/sessions', { kind: 'pyspark' })).body.id as number;
    expect((await alice.call('GET', `/sessions/${third}`)).body.state).toBe('not_started');
    const posted = await alice.call('POST', `/sessions/${third}/statements`, { code: '1+1' });
    expect([posted.status, posted.body.state]).toEqual([201, 'waiting']);
    await alice.call('DELETE', `/sessions/${one}`);
    expect(await alice.statementIn(third, 0, 'available')).toMatchObject({ output: { status: 'ok' } });
    for (const id of [two, third]) await alice.call('DELETE', `/sessions/${id}`);
  });
});

describe('a statement', () => {
  let id: number;
  beforeAll(async () => {
    id = await alice.session();
    await alice.run(id, 'var x = 20');
  });
  afterAll(async () => void (await alice.call('DELETE', `/sessions/${id}`)));

  it('is created, runs, and leaves its variables for later statements', async () => {
    const made = await alice.call('POST', `/sessions/${id}/statements`, { code: 'x + 1' });
    expect([made.status, made.headers.get('location')]).toEqual([201, `/livy/sessions/${id}/statements/1`]);
    expect(await alice.statementIn(id, 1, 'available')).toEqual({
      ...{ id: 1, code: 'x + 1', state: 'available', progress: 1 },
      ...{ output: { status: 'ok', execution_count: 1, data: { 'text/plain': '21' } } },
      ...{ started: expect.any(Number), completed: expect.any(Number) },
    });
    expect((await alice.run(id, 'x'))['output'].data['text/plain']).toBe('20');
  });

  it('that fails becomes available, with the error as its output', async () => {
    expect((await alice.run(id, 'y'))['output']).toMatchObject({ status: 'error', ename: 'ReferenceError' });
  });

  it('that runs can be interrupted, and the variables remain', async () => {
    const { body } = await alice.call('POST', `/sessions/${id}/statements`, { code: 'wait' });
    await alice.statementIn(id, body.id, 'running');
    await eventually('progress', async () => {
      const now = (await alice.call('GET', `/sessions/${id}/statements/${body.id}`)).body.progress as number;
      return now === 0.5;
    });
    expect((await alice.call('GET', `/sessions/${id}`)).body.state).toBe('busy');
    const path = `/sessions/${id}/statements/${body.id}/cancel`;
    expect((await alice.call('POST', path)).body).toEqual({ msg: 'canceled' });
    const over = await alice.statementIn(id, body.id, 'cancelled');
    expect(over['output']).toMatchObject({ ename: 'KeyboardInterrupt' });
    expect((await alice.run(id, 'x'))['output'].data['text/plain']).toBe('20');
    expect((await alice.call('POST', path, {})).body).toEqual({ msg: 'canceled' });
  });

  it('that waits never runs after a cancel', async () => {
    const first = (await alice.call('POST', `/sessions/${id}/statements`, { code: 'wait' })).body
      .id as number;
    const second = (await alice.call('POST', `/sessions/${id}/statements`, { code: 'x = 99' })).body
      .id as number;
    await alice.call('POST', `/sessions/${id}/statements/${second}/cancel`);
    expect((await alice.call('GET', `/sessions/${id}/statements/${second}`)).body).toMatchObject({
      ...{ state: 'cancelled', output: null, started: 0, progress: 1 },
    });
    await alice.call('POST', `/sessions/${id}/statements/${first}/cancel`);
    expect((await alice.run(id, 'x'))['output'].data['text/plain']).toBe('20');
  });

  it('whose output is not valid JSON fails, and cannot forge another statement', async () => {
    const forged = await alice.run(id, 'json null}},{"id":77,"state":"available","output":{"x":{"y":0');
    expect(forged).toMatchObject({
      state: 'available',
      output: { status: 'error', execution_count: forged.id, ename: 'UnreadableOutput' },
    });
    const { body } = await alice.call('GET', `/sessions/${id}/statements?from=${forged.id}`);
    expect(body.statements).toEqual([forged]);
  });

  it('has numbers of any length in its output with all their digits', async () => {
    const exact = '{"a": 9007199254740993, "b": [12345678901234567890.10, 1e22], "c": "\\ud800"}';
    const { id: statement } = await alice.run(id, `json ${exact}`);
    const path = `/sessions/${id}/statements`;
    const submit = { headers: { 'idempotency-key': 'exact' } };
    const request = { code: `json ${exact}` };
    const again = (await alice.call('POST', path, request, submit)).body.id as number;
    await alice.statementIn(id, again, 'available');
    const answers = [
      await alice.call('GET', `${path}/${statement}`),
      await alice.call('GET', `${path}?from=${statement}`),
      // A repeated submit returns the current state of the first statement.
      await alice.call('POST', path, request, submit),
    ];
    for (const { text, headers } of answers) {
      expect(text).toContain(`"data":{"application/json":${exact}}`);
      expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 201]);
  });

  it('is listed with the others, in pages and in either order', async () => {
    const { body } = await alice.call('GET', `/sessions/${id}/statements`);
    const ids = (list: { id: number }[]) => list.map((each) => each.id);
    const total = body.total_statements as number;
    expect(ids(body.statements)).toEqual(Array.from({ length: total }, (_, i) => i));
    const page = (await alice.call('GET', `/sessions/${id}/statements?from=1&size=2&order=DESC`)).body;
    expect([ids(page.statements), page.total_statements]).toEqual([[total - 2, total - 3], total]);
    expect((await alice.call('GET', `/sessions/${id}/statements?order=desc&order=asc`)).status).toBe(200);
  });

  it('can have 50 MiB of code', async () => {
    const code = `length ${'x'.repeat(50 * 1024 * 1024)}`;
    const { body } = await alice.call('POST', `/sessions/${id}/statements`, { code });
    await alice.sessionIn(id, 'idle');
    const { output } = (await alice.call('GET', `/sessions/${id}/statements/${body.id}`)).body;
    expect(output.data['text/plain']).toBe(String(code.length));
  });

  it('is not listed with others if they exceed the size limit of an answer', async () => {
    const both = [await alice.run(id, 'much 60000000'), await alice.run(id, 'much 60000000')];
    const { status, body } = await alice.call('GET', `/sessions/${id}/statements`);
    expect([status, body.msg]).toEqual([400, expect.stringMatching(/MB together.*fewer with from and size/)]);
    const one = await alice.call('GET', `/sessions/${id}/statements?from=${both[0]?.['id']}&size=1`);
    expect(one.status).toBe(200);
  });

  it('has the kind of its session unless it names another', async () => {
    expect((await alice.run(id, 'kind'))['output'].data['text/plain']).toBe('pyspark');
    const { body } = await alice.call('POST', `/sessions/${id}/statements`, { code: 'kind', kind: 'scala' });
    expect((await alice.statementIn(id, body.id, 'available'))['output'].data['text/plain']).toBe('spark');
    const wrong = await alice.call('POST', `/sessions/${id}/statements`, { code: 'kind', kind: 'cobol' });
    expect([wrong.status, wrong.body.msg]).toEqual([400, expect.stringMatching(/Invalid kind: cobol/)]);
  });

  it('has completion candidates', async () => {
    const request = { code: 'str.', kind: 'scala', cursor: 4 };
    const { status, body } = await alice.call('POST', `/sessions/${id}/completion`, request);
    expect([status, body]).toEqual([200, { candidates: ['str.4'] }]);
  });

  it('runs in order, one at a time, if 50 are submitted together', async () => {
    const before = (await alice.call('GET', `/sessions/${id}/statements?size=0`)).body
      .total_statements as number;
    await alice.run(id, 'var seen = []');
    const posts = Array.from({ length: 50 }, (_, i) =>
      alice.call('POST', `/sessions/${id}/statements`, { code: `seen.push(${i}); seen.length` }),
    );
    const ids = (await Promise.all(posts)).map(({ body }) => body.id as number);
    const last = Math.max(...ids);
    await alice.statementIn(id, last, 'available');
    const { body } = await alice.call('GET', `/sessions/${id}/statements?from=${before + 1}`);
    const outputs = (
      body.statements as { output: { data: { 'text/plain': string } }; started: number }[]
    ).map(({ output }) => output.data['text/plain']);
    expect(outputs).toEqual(Array.from({ length: 50 }, (_, i) => String(i + 1)));
  });
});

describe('the death of an interpreter', () => {
  it('in a statement puts the statement and the session in error, keeps the log and frees the slot', async () => {
    const id = await alice.session();
    const after = await alice.call('POST', `/sessions/${id}/statements`, { code: 'die 7' });
    const waiting = await alice.call('POST', `/sessions/${id}/statements`, { code: '1' });
    const session = await alice.sessionIn(id, 'error');
    expect(session['log'].join('\n')).toMatch(/the heap is full/);
    expect((await alice.call('GET', `/sessions/${id}/statements/${after.body.id}`)).body).toMatchObject({
      state: 'available',
      output: {
        status: 'error',
        ename: 'Error',
        evalue: expect.stringMatching(/^Interpreter died:\n.*the heap is full/),
      },
    });
    expect((await alice.call('GET', `/sessions/${id}/statements/${waiting.body.id}`)).body.state).toBe(
      'cancelled',
    );
    const refused = await alice.call('POST', `/sessions/${id}/statements`, { code: '1' });
    expect([refused.status, refused.body.msg]).toEqual([400, expect.stringMatching(/Session isn't active/)]);
    const spark = (await stint.admin.get('/admin/backends/spark')).body as { slots: { held_by: unknown }[] };
    expect(spark.slots.map(({ held_by }) => held_by)).toEqual([null, null]);
    expect((await alice.call('GET', `/sessions/${id}/log?from=0`)).body).toMatchObject({ id, from: 0 });
    await alice.call('DELETE', `/sessions/${id}`);
  });

  it('by a kill while it is idle leaves a dead session', async () => {
    const id = await alice.session();
    const pid = Number((await alice.run(id, 'pid'))['output'].data['text/plain']);
    process.kill(pid, 'SIGKILL');
    await alice.sessionIn(id, 'dead');
    await eventually('an empty folder', () => readdirSync(join(stint.folder, 'spark')).length === 0);
    await alice.call('DELETE', `/sessions/${id}`);
  });

  it('removes its socket from the other folder that a long path requires', async () => {
    const far = await givenLivy({}, {}, await mkdtemp(join(tmpdir(), `stint-${'x'.repeat(80)}-`)));
    try {
      const user = await livyUser(far);
      const id = await user.session();
      const [folder = ''] = readdirSync(join(far.folder, 'spark'));
      const note = readFileSync(join(far.folder, 'spark', folder, 'service.json'), 'utf8');
      const { socket, pid } = JSON.parse(note) as { socket: string; pid: number };
      expect([existsSync(socket), socket.startsWith(far.folder)]).toEqual([true, false]);
      process.kill(pid, 'SIGKILL');
      await user.sessionIn(id, 'dead');
      await eventually('no socket', () => !existsSync(socket));
    } finally {
      await far.close();
    }
  });

  it.each([
    ['die', /; the last that it wrote: .*no room for a JVM/],
    ['fail', /Spark could not be started: no master/],
  ])('before it is ready (%s) leaves a dead session with the reason', async (how, why) => {
    const { body } = await alice.call('POST', '/sessions', { conf: { 'fake.start': how } });
    await alice.sessionIn(body.id, 'dead');
    const shown = (await stint.admin.get(`/admin/sessions?state=closed&limit=1`)).body.sessions[0];
    expect(shown.state_reason).toMatch(why);
    await alice.call('DELETE', `/sessions/${body.id}`);
  });
});

describe('a user', () => {
  it('without valid credentials gets 401 and the challenge for Basic', async () => {
    for (const headers of [{}, basic('bob', alice.token), basic('alice', 'wrong')]) {
      const answer = await stint.call('GET', '/livy/sessions', { token: null, headers });
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="Stint"']);
    }
  });

  it('sees the sessions of their instance and ends only their own', async () => {
    const id = await alice.session();
    const eve = await livyUser(stint, 'eve', 'lab-b');
    expect((await eve.call('GET', '/sessions')).body).toEqual({ from: 0, total: 0, sessions: [] });
    expect((await eve.call('GET', `/sessions/${id}`)).body).toEqual({ msg: `Session '${id}' not found.` });
    const named = async (user: typeof eve) => (await user.call('POST', '/sessions', { name: 'mine' })).body;
    const [hers, ours] = [await named(eve), await named(alice)];
    expect((await eve.call('GET', '/sessions/mine')).body.id).toBe(hers.id);
    expect((await alice.call('GET', '/sessions/mine')).body.id).toBe(ours.id);
    expect((await named(eve)).msg).toMatch(/Duplicate session name: Some\(mine\) for session/);
    await eve.call('DELETE', '/sessions/mine');
    await alice.call('DELETE', '/sessions/mine');
    const bob = await livyUser(stint, 'bob');
    expect((await bob.call('GET', '/sessions')).body).toMatchObject({ total: 1 });
    await alice.call('POST', `/sessions/${id}/statements`, { code: 'wait' });
    for (const [method, path, msg] of [
      ['DELETE', `/sessions/${id}`, `Session ${id} is for alice or an admin to end.`],
      ['POST', `/sessions/${id}/stop`, `Session ${id} is for alice or an admin to end.`],
      [
        'POST',
        `/sessions/${id}/statements/0/cancel`,
        `Statement 0 of session ${id} is for alice or an admin to cancel.`,
      ],
    ] as const) {
      const refused = await bob.call(method, path);
      expect([refused.status, refused.body]).toEqual([403, { msg }]);
    }
    await alice.call('DELETE', `/sessions/${id}`);
  });
});

describe('a mistake is refused with a helpful message:', () => {
  it.each([
    ['POST', '/sessions', { knid: 'spark' }, 400, /Unrecognized field "knid". Known are: kind/],
    ['POST', '/sessions', { constructor: 1 }, 400, /Unrecognized field "constructor"/],
    ['POST', '/sessions', { conf: { 'spark.a': { b: 1 } } }, 400, /^conf must be an object of texts/],
    ['POST', '/sessions', { conf: ['a'] }, 400, /^conf must be an object of texts/],
    ['POST', '/sessions', { heartbeatTimeoutInSecond: 'soon' }, 400, /must be an integer number/],
    ['POST', '/sessions', '{"kind":', 400, /not valid JSON/],
    ['POST', '/sessions', { kind: 'cobol' }, 400, /Invalid kind: cobol/],
    ['POST', '/sessions', { name: '123' }, 400, /^Rejected, Reason: Invalid session name: 123$/],
    ['POST', '/sessions', { ttl: 'abc' }, 400, /^Rejected, Reason: Invalid time string: abc$/],
    ['POST', '/sessions', { ttl: '9h' }, 400, /ttl of 32400 s is more than the limit of 28800 s/],
    ['POST', '/sessions', { numExecutors: 'many' }, 400, /numExecutors must/],
    ['POST', '/sessions', { jars: 'a.jar' }, 400, /jars must be an array/],
    ['POST', '/sessions', { jars: ['/etc/passwd'] }, 400, /Local path \/etc\/passwd cannot be added/],
    ['POST', '/sessions', { jars: ['/srv/jars/../../etc/x'] }, 400, /cannot be added/],
    ['POST', '/sessions', { jars: ['a.jar'] }, 400, /must be absolute/],
    [
      'POST',
      '/sessions',
      { conf: { 'spark.submit.deployMode': 'x' } },
      400,
      /Blacklisted configuration values/,
    ],
    ['POST', '/sessions', { conf: { 'stint.backend': 'b1' } }, 400, /There are: spark/],
    ['GET', '/sessions/77', undefined, 404, /^Session '77' not found\.$/],
    ['GET', '/sessions?from=x', undefined, 400, /from must be a whole number/],
    ['GET', '/sessions?SIZE=1', undefined, 400, /^Unrecognized parameter "SIZE". The nearest is size.$/],
    ['GET', '/batches?form=1', undefined, 400, /^Unrecognized parameter "form". The nearest is from.$/],
    ['GET', '/session/1', undefined, 404, /./],
    ['GET', '/sessions/%ZZ', undefined, 400, /not a valid url/],
    ['POST', '/batches', {}, 400, /^Rejected, Reason: requirement failed: File is required\.$/],
  ])('in %s %s %j', async (method, path, body, status, msg) => {
    const answer = await alice.call(method, path, body);
    expect([answer.status, Object.keys(answer.body as object)]).toEqual([status, ['msg']]);
    expect(answer.body.msg).toMatch(msg);
  });

  it('in the requested version of the interface', async () => {
    const ask = { headers: { accept: 'application/vnd.livy.v2+json' } };
    expect((await alice.call('GET', '/version', undefined, ask)).status).toBe(406);
    const right = { headers: { accept: 'application/vnd.livy.v0.1+json', 'content-encoding': 'UTF-8' } };
    expect((await alice.call('GET', '/version', undefined, right)).body.version).toMatch(/^0\.9\.0-/);
  });
});

describe("the job API of Livy's programmatic clients", () => {
  it.each([
    ['POST', 'submit-job'],
    ['POST', 'run-job'],
    ['GET', 'jobs/1'],
    ['POST', 'jobs/1/cancel'],
    ['POST', 'add-jar'],
    ['POST', 'upload-pyfile'],
  ])('is refused, and the message refers to statements: %s %s', async (method, call) => {
    const { id } = (await alice.call('POST', '/sessions', {})).body;
    const answer = await alice.call(method, `/sessions/${id}/${call}`, method === 'POST' ? {} : undefined);
    expect([answer.status, answer.body.msg]).toEqual([
      400,
      expect.stringContaining(`/sessions/${id}/statements`),
    ]);
    await alice.call('DELETE', `/sessions/${id}`);
    expect((await alice.call(method, `/sessions/${id}/${call}`)).status).toBe(404);
  });
});

describe('a batch', () => {
  it('runs a file to its end', async () => {
    const made = await alice.call('POST', '/batches', {
      file: 'hdfs:/x.py',
      args: [200, 0],
      driverCores: '2',
    });
    expect([made.status, made.headers.get('location')]).toEqual([201, `/livy/batches/${made.body.id}`]);
    expect(Object.keys(made.body as object).sort()).toEqual([
      'appId',
      'appInfo',
      'id',
      'log',
      'name',
      'owner',
      'proxyUser',
      'state',
    ]);
    const path = `/batches/${made.body.id}`;
    await eventually(
      'success',
      async () => (await alice.call('GET', `${path}/state`)).body.state === 'success',
    );
    const { body } = await alice.call('GET', `${path}/log?from=0&size=100`);
    expect(body.log).toEqual(['stdout: ', 'runs hdfs:/x.py with 200 0', '\nstderr: ', 'ends with 0']);
    expect((await alice.call('GET', '/batches')).body).toMatchObject({
      from: 0,
      total: 1,
      sessions: [{ state: 'success' }],
    });
    expect((await alice.call('DELETE', path)).body).toEqual({ msg: 'deleted' });
    expect((await alice.call('GET', path)).status).toBe(404);
  });

  it('that fails is dead, and one that is deleted is stopped', async () => {
    const failed = (await alice.call('POST', '/batches', { file: 's3a://x.py', args: [0, 3] })).body
      .id as number;
    await eventually(
      'dead',
      async () => (await alice.call('GET', `/batches/${failed}`)).body.state === 'dead',
    );
    const long = (await alice.call('POST', '/batches', { file: 's3a://x.py', args: [60000] })).body
      .id as number;
    await eventually(
      'running',
      async () => (await alice.call('GET', `/batches/${long}`)).body.log.length > 2,
    );
    expect((await alice.call('DELETE', `/batches/${long}`)).status).toBe(200);
    expect(readdirSync(join(stint.folder, 'spark'))).toEqual([]);
  });
});
