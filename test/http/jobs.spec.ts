import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { givenBackend, TestService } from '../support/http.js';

let stint: TestService;
let alice: Awaited<ReturnType<TestService['user']>>;
beforeAll(async () => {
  stint = await TestService.start({ backends: [givenBackend({ name: 'b1', lanes: 3 })] });
  alice = await stint.user('alice');
});
afterAll(() => stint.close());

const submit = async (params: object = {}, more: object = {}, who = alice) => {
  const answer = await who.post('/jobs', { program_id: 'scripted', params, ...more });
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.body as { id: string; backend: string };
};
const read = async (id: string) => (await alice.get(`/jobs/${id}`)).body as Record<string, unknown>;

describe('a job', () => {
  it('is created with an id and a backend in the answer', async () => {
    expect(await submit({}, { log_level: 'WARNING' })).toEqual({
      ...{ id: expect.stringMatching(/^[A-Za-z0-9_-]+$/), backend: 'b1' },
    });
  });

  it('may have null for every optional member, which means absent', async () => {
    const nothing = { session_id: null, log_level: null, tags: null, cost: null, private: null };
    const { id, ...rest } = await submit({}, { ...nothing, calibration_id: null, runtime: null });
    expect(rest).toEqual({ backend: 'b1' });
    expect(await read(id)).toMatchObject({ tags: [], cost: 10800 });
    expect(await read(id)).not.toHaveProperty('private');
  });

  it('has the fields that clients read', async () => {
    const { id } = await submit({ duration: 2, result: 1 }, { tags: ['a'], cost: 50 });
    expect(await read(id)).toMatchObject({
      ...{ id, backend: 'b1', program: { id: 'scripted' }, state: { status: 'Running' }, status: 'Running' },
      ...{ created: expect.stringMatching(/Z$/), tags: ['a'], cost: 50, user_id: 'alice' },
      ...{ params: { duration: 2, result: 1 }, usage: { status: 'pending' } },
    });
    await stint.advance(2);
    expect(await read(id)).toMatchObject({
      ...{ state: { status: 'Completed' }, usage: { status: 'complete', quantum_seconds: 2 } },
    });
    expect((await alice.get(`/jobs/${id}?exclude_params=true`)).body).not.toHaveProperty('params');
  });

  it.each([
    ['True', false],
    ['false', true],
  ])('with exclude_params=%s shows its params: %s', async (value, shown) => {
    const { id } = await submit({});
    expect('params' in (await alice.get(`/jobs/${id}?exclude_params=${value}`)).body).toBe(shown);
  });

  it('is refused with exclude_params=maybe: 400', async () => {
    const { id } = await submit({});
    const { status, body } = await alice.get(`/jobs/${id}?exclude_params=maybe`);
    expect([status, body.errors[0].message]).toEqual([400, 'exclude_params must be a boolean value']);
  });

  it('that is private never shows its params, and its result only once', async () => {
    const { id, ...rest } = await submit({ result: 7 }, { private: true });
    expect(rest).toMatchObject({ private: true });
    expect(await read(id)).toMatchObject({ private: true, params: {} });
    expect((await alice.get(`/jobs/${id}/results`)).text).toBe('7');
    expect((await alice.get(`/jobs/${id}/results`)).text).toBe('');
  });

  it('that is private does not lose its result to a HEAD request', async () => {
    const { id } = await submit({ result: 7 }, { private: true });
    const { token } = alice;
    expect((await stint.call('HEAD', `/api/v1/jobs/${id}/results`, { token })).status).toBe(200);
    expect((await alice.get(`/jobs/${id}/results`)).text).toBe('7');
  });
});

describe('results', () => {
  it('are returned byte for byte, as text/plain', async () => {
    const answer = await stint.call('POST', '/api/v1/jobs', {
      token: alice.token,
      body: '{"program_id":"scripted","params":{"result":{"a" : NaN, "n":1.0}}}',
    });
    const results = await alice.get(`/jobs/${answer.body.id as string}/results`);
    expect(results).toMatchObject({ status: 200, text: '{"a" : NaN, "n":1.0}' });
    expect(results.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  });

  it('of a job that failed, was cancelled or ran too long are 2xx', async () => {
    const ids = [
      await submit({ outcome: 'failed' }),
      await submit({ duration: 100 }),
      await submit({ duration: 100 }, { cost: 1 }),
    ].map(({ id }) => id);
    await alice.post(`/jobs/${ids[1]}/cancel`);
    await stint.advance(1);
    const states = await Promise.all(ids.map(async (id) => (await read(id))['state']));
    expect(states).toMatchObject([
      { status: 'Failed', reason: expect.any(String) },
      { status: 'Cancelled', reason: 'cancelled by user alice' },
      { status: 'Cancelled', reason_code: 1305, reason: expect.stringContaining('ran too long') },
    ]);
    for (const id of ids) expect((await alice.get(`/jobs/${id}/results`)).status).toBe(200);
  });

  it('of a job that still runs are 204', async () => {
    const { id } = await submit({ duration: 1 });
    const { status, text } = await alice.get(`/jobs/${id}/results`);
    expect([status, text]).toEqual([204, '']);
  });
});

describe('smaller requests', () => {
  it('replacing tags takes effect immediately: 204', async () => {
    const { id } = await submit({}, { tags: ['old'] });
    for (const tags of [['a', 'b'], [], ['c']]) {
      const { status, text } = await alice.put(`/jobs/${id}/tags`, { tags });
      expect([status, text]).toEqual([204, '']);
      expect(await read(id)).toMatchObject({ tags });
    }
    expect((await alice.get('/jobs?tags=c')).body.count).toBe(1);
  });

  it('cancelling a job is 204, and 409 if the job has ended', async () => {
    const { id } = await submit({ duration: 10 });
    expect((await alice.post(`/jobs/${id}/cancel`)).status).toBe(204);
    expect((await alice.post(`/jobs/${id}/cancel`)).status).toBe(409);
  });

  it('a deleted job is not found', async () => {
    const { id } = await submit();
    expect((await alice.delete(`/jobs/${id}`)).status).toBe(204);
    expect((await alice.get(`/jobs/${id}`)).status).toBe(404);
  });

  it('logs are text, and metrics contain the times and the usage', async () => {
    const { id } = await submit({ duration: 1 });
    const logs = await alice.get(`/jobs/${id}/logs`);
    expect([logs.status, logs.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
    expect((await alice.get(`/jobs/${id}/metrics`)).body).toMatchObject({
      timestamps: { created: expect.any(String), running: expect.any(String), finished: null },
      ...{ usage: { status: 'pending', quantum_seconds: 0 }, attempts: 1 },
    });
    await stint.advance(1);
    expect((await alice.get(`/jobs/${id}/metrics`)).body).toMatchObject({
      ...{ timestamps: { finished: expect.any(String) } },
      usage: { status: 'complete', quantum_seconds: 1, qpu_charge_time_seconds: 1 },
    });
  });
});

describe('the log of a job', () => {
  const logOf = async (more: object) => {
    const { id } = await submit({}, more);
    const { text } = await alice.get(`/jobs/${id}/logs`);
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.replace(/^\S+ /, ''));
  };

  it.each([
    ['max_execution_time', "the nearest is 'cost'"],
    ['backend_name', "the nearest is 'backend'"],
    ['sesion_id', "the nearest is 'session_id'"],
    ['Tags', "the nearest is 'tags'"],
    ['start_session', 'the nearest is POST /sessions'],
    ['zzzzzzzz', 'known are: program_id, '],
    ['toString', 'known are: program_id, '],
  ])('has a warning that names the unknown member %s and the nearest known one', async (name, hint) => {
    const [line, ...more] = await logOf({ [name]: 60 });
    expect(line).toMatch(`WARNING submit: '${name}' is not known here and was ignored; ${hint}`);
    expect(more).toEqual([]);
  });

  it('has a warning for each member that is stored but has no effect', async () => {
    expect(await logOf({ runtime: 'qiskit:1.0', calibration_id: 'c' })).toEqual([
      "WARNING submit: 'runtime' has no effect: a backend has one set of programs.",
      "WARNING submit: 'calibration_id' has no effect: a backend has one set of properties.",
    ]);
  });

  it('has no warning for known members, for null, or if its log level excludes warnings', async () => {
    expect(await logOf({ cost: 5, tags: ['a'], log_level: 'WARNING', max_execution_time: null })).toEqual([]);
    expect(await logOf({ max_execution_time: 5, log_level: 'error' })).toEqual([]);
  });

  it('names at most ten unknown members, each on one line', async () => {
    const long = Array.from({ length: 500 }, (_, index) => [`${index}\n${'x'.repeat(1000)}`, 1] as const);
    const lines = await logOf(Object.fromEntries(long));
    expect(lines).toHaveLength(11);
    expect(lines[0]).toMatch(/^WARNING submit: '0\?x{58}…' is not known here/);
    expect(lines[10]).toBe('WARNING submit: 490 further members are not known here.');
  });

  it('has the warnings only once after a repeated submit', async () => {
    const { token } = alice;
    const headers = { 'idempotency-key': 'ignored-members' };
    const body = { program_id: 'scripted', params: {}, max_execution_time: 5 };
    const send = () => stint.call('POST', '/api/v1/jobs', { token, headers, body });
    const [first, again] = [await send(), await send()];
    expect(again.body).toEqual(first.body);
    const { text } = await alice.get(`/jobs/${(first.body as { id: string }).id}/logs`);
    expect(text.match(/max_execution_time/g)).toHaveLength(1);
  });
});

describe('the list of jobs', () => {
  const listed = async (query: string) => {
    const { body } = await bob.get(`/jobs${query}`);
    return body as { jobs: Record<string, unknown>[]; count: number; limit: number; offset: number };
  };
  let bob: Awaited<ReturnType<TestService['user']>>;
  const ids: string[] = [];
  const created: string[] = [];
  beforeAll(async () => {
    bob = await stint.user('bob', 'lab-b');
    for (let i = 0; i < 5; i += 1) {
      const params = { duration: i === 4 ? 1000 : 0 };
      const { id } = await submit(params, { tags: ['all', `nr ${i}`] }, bob);
      ids.push(id);
      created.push((await bob.get(`/jobs/${id}`)).body.created as string);
      await stint.advance(1);
    }
  });

  it.each([
    ['', [4, 3, 2, 1, 0], 5],
    ['?sort=ASC', [0, 1, 2, 3, 4], 5],
    ['?limit=2', [4, 3], 5],
    ['?limit=2&offset=4', [0], 5],
    ['?pending=true', [4], 1],
    ['?pending=False', [3, 2, 1, 0], 4],
    ['?tags=all&tags=nr+2', [2], 1],
    ['?tags=none', [], 0],
    ['?program=scripted&backend=b1&limit=1', [4], 5],
  ])('with the query %j has jobs %j of %i', async (query, numbers, count) => {
    const results = await listed(query);
    expect([results.jobs.map(({ id }) => ids.indexOf(id as string)), results.count]).toEqual([
      numbers,
      count,
    ]);
  });

  it('includes both ends of a time range', async () => {
    const [from, to] = [created[1], created[3]].map((at) =>
      encodeURIComponent(at?.replace('Z', '+00:00') ?? ''),
    );
    expect((await listed(`?created_after=${from}&created_before=${to}`)).count).toBe(3);
  });

  it('reads a time without an offset as UTC', async () => {
    const [from, to] = [created[1], created[3]].map((at) => at?.replace('Z', ''));
    expect((await listed(`?created_after=${from}&created_before=${to}`)).count).toBe(3);
  });

  it('contains the state of each job, but no params', async () => {
    const { jobs } = await listed('?exclude_params=true');
    for (const job of jobs) expect([typeof job['state'], 'params' in job]).toEqual(['object', false]);
  });

  it.each([
    [5, 5],
    [6, 6],
    [1000, 1000],
  ])(
    'has a count that stops clients from paging on, at an offset of %i beyond its end',
    async (offset, count) => {
      expect(await listed(`?limit=2&offset=${offset}`)).toEqual({ jobs: [], count, limit: 2, offset });
    },
  );
});
