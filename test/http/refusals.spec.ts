import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RefusalKind } from '../../src/dialects/qiskit-runtime/refusal-kinds.js';
import { errorOf, messagesOf, TestService, type HttpAnswer } from '../support/http.js';

let stint: TestService;
let alice: Awaited<ReturnType<TestService['user']>>;
/** A colleague. */
let bert: typeof alice;
beforeAll(async () => {
  stint = await TestService.start();
  alice = await stint.user('alice');
  bert = await stint.user('bert');
});
afterAll(() => stint.close());

const job = (more: object = {}) => ({ program_id: 'scripted', backend: 'b2', params: {}, ...more });
const idOf = async (answer: Promise<HttpAnswer>) => ((await answer).body as { id: string }).id;
const opened = (body: object = { backend: 'b1' }) => idOf(alice.post('/sessions', body));
const submitted = (more: object = {}) => idOf(alice.post('/jobs', job(more)));

/** Every refusal that a request can cause: a request that causes it, and the expected text. */
const cases = {
  invalid_value: [
    [400, 1002, /duration must be a number/, () => alice.post('/jobs', job({ params: { duration: 'x' } }))],
    [400, 1002, /interactive_ttl .* longer than/, () => open({ interactive_ttl: 50, active_ttl: 40 })],
    [
      400,
      1002,
      /no driver called qpu/,
      () => stint.admin.post('/admin/backends', { name: 'q', driver: 'qpu' }),
    ],
    [
      400,
      1002,
      /no driver called toString/,
      () => stint.admin.post('/admin/backends', { name: 'q', driver: 'toString' }),
    ],
    ...(
      [
        [{ driver: 'scripted', options: { configuration: 5 } }, /options\.configuration must be an object/],
        [
          { driver: 'aer', options: { device: 'nope' } },
          /^Backend q: there is no device nope; there are: stint_hex_27, stint_line_5\.$/,
        ],
        [{ driver: 'scripted', options: { device: 5 } }, /options\.device must be the name of a device/],
        [
          { driver: 'aer', options: { device: 'stint_line_5', properties: [] } },
          /options\.properties must be an object/,
        ],
        [
          { driver: 'aer', options: { device: 'stint_line_5', noise: 'no' } },
          /options\.noise must be true or/,
        ],
        [
          { driver: 'aer', options: { device: 'stint_line_5', max_qubits: 0 } },
          /options\.max_qubits must be a/,
        ],
        [
          { driver: 'aer', options: { device: 'stint_line_5', max_memory_mb: 0 } },
          /options\.max_memory_mb must be a whole number above zero/,
        ],
        [
          { driver: 'aer', options: { device: 'stint_line_5', max_work: '1e12' } },
          /options\.max_work must be a number above zero/,
        ],
        [
          { driver: 'aer', options: { device: 'stint_line_5', approximate: 'yes' } },
          /options\.approximate must be true or false/,
        ],
        [
          { driver: 'scripted', options: { max_memory_mb: 2048 } },
          /options\.max_memory_mb is not known to driver scripted/,
        ],
        [
          { driver: 'aer', options: { device: 'stint_line_5', noize: true } },
          /options\.noize is not known to driver aer/,
        ],
        [{ driver: 'spark', options: { mastr: 'yarn' } }, /options\.mastr is not known to driver spark/],
        [{ driver: 'spark', options: { conf: 'x' } }, /options\.conf must be an object/],
        [{ driver: 'spark', options: { local_dirs: [1] } }, /options\.local_dirs must be a list of texts/],
        [
          { driver: 'learner', options: { predcit: true } },
          /options\.predcit is not known to driver learner/,
        ],
      ] as const
    ).map(
      ([more, words]) =>
        [400, 1002, words, () => stint.admin.post('/admin/backends', { name: 'q', ...more })] as const,
    ),
    [400, 1002, /no calibration c1/, () => alice.get('/backends/line/configuration?calibration_id=c1')],
  ],
  limit_exceeded: [
    [400, 1002, /max_ttl of 99999 s .* limit of 28800 s/, () => open({ max_ttl: 99_999 })],
    [400, 1002, /\(cost\) of 99999 s/, () => alice.post('/jobs', job({ cost: 99_999 }))],
  ],
  unknown_backend: [
    [400, 1007, /no backend called b9/, () => open({ backend: 'b9' })],
    [400, 1007, /no backend called b9/, () => alice.post('/jobs', job({ backend: 'b9' }))],
    [404, 1007, /no backend called b9/, () => alice.get('/backends/b9/status')],
    [404, 1007, /no quantum device/, () => alice.get('/backends/b1/configuration')],
  ],
  backend_exists: [
    [
      409,
      1002,
      /already .* b1/,
      () => stint.admin.post('/admin/backends', { name: 'b1', driver: 'scripted' }),
    ],
  ],
  unknown_program: [
    [404, 1008, /no program called sampler/, () => alice.post('/jobs', job({ program_id: 'sampler' }))],
  ],
  unknown_session: [
    [404, 1008, /no session s9/, () => alice.get('/sessions/s9')],
    [404, 1008, /no session s9/, () => alice.patch('/sessions/s9', { accepting_jobs: false })],
    [404, 1008, /no session s9/, () => alice.delete('/sessions/s9/close')],
    [400, 1008, /no session s9/, () => alice.post('/jobs', job({ session_id: 's9' }))],
  ],
  unknown_job: [
    [404, 3250, /no job j9/, () => alice.get('/jobs/j9')],
    [404, 3250, /no job j9/, () => alice.get('/jobs/j9/results')],
    [404, 3250, /no job j9/, () => alice.get('/jobs/j9/logs')],
    [404, 3250, /no job j9/, () => alice.post('/jobs/j9/cancel')],
    [404, 3250, /no job j9/, () => alice.delete('/jobs/j9')],
  ],
  unknown_instance: [
    [404, 1008, /no instance nowhere/, () => stint.admin.get('/admin/ledger?instance=nowhere')],
    [
      404,
      1008,
      /no instance crn:v1/,
      () => stint.admin.post('/admin/tokens', { user: 'u', instance: 'crn:v1' }),
    ],
  ],
  unknown_token: [[404, 1008, /no token t9/, () => stint.admin.delete('/admin/tokens/t9')]],
  instance_exists: [
    [409, 1002, /already .* lab-a/, () => stint.admin.post('/admin/instances', { name: 'lab-a' })],
  ],
  session_closed: [
    [
      ...([409, 1217, /closed/] as const),
      async () => {
        const session_id = await opened();
        await alice.delete(`/sessions/${session_id}/close`);
        return alice.post('/jobs', job({ backend: 'b1', session_id }));
      },
    ],
  ],
  session_not_accepting: [
    [
      ...([409, 1217, /accepts no more jobs/] as const),
      async () => {
        const session_id = await opened({ backend: 'b2', mode: 'batch' });
        await submitted({ session_id, params: { duration: 100 } });
        await alice.patch(`/sessions/${session_id}`, { accepting_jobs: false });
        return alice.post('/jobs', job({ session_id }));
      },
    ],
  ],
  session_elsewhere: [
    [
      400,
      1002,
      /on backend b1, not on b2/,
      async () => alice.post('/jobs', job({ session_id: await opened() })),
    ],
  ],
  job_final: [[409, 3208, /already completed/, async () => alice.post(`/jobs/${await submitted()}/cancel`)]],
  job_not_final: [
    [
      ...([409, 3211, /still (running|queued)/] as const),
      async () => alice.delete(`/jobs/${await submitted({ params: { duration: 100 } })}`),
    ],
  ],
  mode_not_allowed: [
    [
      ...([400, 1352, /does not allow dedicated/] as const),
      async () => {
        await stint.admin.post('/admin/instances', { name: 'batch-only', plan: { modes: ['batch'] } });
        return (await stint.user('bob', 'batch-only')).post('/sessions', { backend: 'b1' });
      },
    ],
  ],
  forbidden: [
    [403, 2409, /needs an admin token/, () => alice.get('/admin/tokens')],
    [
      403,
      2409,
      /for bert or an admin to drain/,
      async () =>
        alice.patch(`/sessions/${await idOf(bert.post('/sessions', { backend: 'b1' }))}`, {
          accepting_jobs: false,
        }),
    ],
    [
      403,
      2409,
      /for bert or an admin to remove/,
      async () => alice.delete(`/jobs/${await idOf(bert.post('/jobs', job()))}`),
    ],
  ],
} satisfies Partial<Record<RefusalKind, readonly Case[]>>;

type Case = readonly [status: number, code: number, message: RegExp, provoke: () => Promise<HttpAnswer>];
const open = (limits: object) => alice.post('/sessions', { backend: 'b1', ...limits });

describe('a refusal has the form that clients print:', () => {
  const table = Object.entries(cases).flatMap(([name, list]) =>
    (list as readonly Case[]).map(([status, code, message, provoke]) => ({
      name,
      status,
      code,
      message,
      provoke,
    })),
  );
  it.each(table)('$name is $status with code $code: $message', async ({ status, code, message, provoke }) => {
    expect(errorOf(await provoke())).toMatchObject({
      status,
      code,
      message: expect.stringMatching(message),
    });
  });

  it('and nothing is stored', async () => {
    const before = (await alice.get('/sessions')).body.sessions.length as number;
    await open({ max_ttl: 99_999 });
    expect((await alice.get('/sessions')).body.sessions).toHaveLength(before);
  });
});

/** Makes a query with the given number of different tags. */
const tags = (n: number) => Array.from({ length: n }, (_, i) => `tags=${i.toString(36)}`).join('&');

describe('an invalid request is refused with each mistake:', () => {
  it.each([
    ['POST', '/sessions', { mode: 'exclusive' }, /^mode must be one of/],
    ['POST', '/sessions', { max_ttl: 0 }, /^max_ttl must not be less than 1/],
    ['POST', '/sessions', { max_ttl: '60' }, /^max_ttl must be an integer/],
    ['POST', '/sessions', { interactive_ttl: 1.5 }, /^interactive_ttl must be an integer/],
    ['POST', '/jobs', {}, /^program_id is missing$/],
    ['POST', '/jobs', { program_id: 'scripted' }, /^params is missing$/],
    ['POST', '/jobs', { program_id: 'scripted', params: [] }, /^params must be a JSON object/],
    ['POST', '/jobs', job({ tags: 'a' }), /^tags must be an array/],
    ['POST', '/jobs', job({ tags: Array(9).fill('t') }), /^tags must contain no more than 8/],
    ['POST', '/jobs', job({ tags: ['x'.repeat(87)] }), /^each value in tags must be shorter/],
    ['POST', '/jobs', job({ cost: 0 }), /^cost must not be less than 1/],
    ['POST', '/jobs', job({ log_level: 'loud' }), /^log_level must be one of/],
    ['POST', '/jobs', job({ private: 'yes' }), /^private must be a boolean/],
    ['GET', '/jobs?limit=0', undefined, /^limit must not be less than 1/],
    ['GET', '/jobs?offset=-1', undefined, /^offset must not be less than 0/],
    ['GET', '/jobs?created_after=yesterday', undefined, /^created_after must be a time in ISO 8601/],
    ['GET', '/jobs?pending=maybe', undefined, /^pending must be a boolean/],
    ['GET', `/jobs?${tags(1200)}`, undefined, /^tags must contain no more than 8/],
    ['GET', '/jobs?sort=up', undefined, /^sort must be ASC or DESC/],
    ['GET', '/sessions?state=asleep', undefined, /^each value in state must be one of/],
    ['POST', '/admin/clock', { advance_seconds: -1 }, /^advance_seconds must not be less than 0/],
    ['POST', '/admin/clock', undefined, /^advance_seconds is missing$/],
    ['POST', '/admin/backends', { name: 'b-3', driver: 'scripted' }, /^name must be 1 to 64 letters/],
    [
      'POST',
      '/admin/backends',
      { name: 'b3', driver: 'scripted', limits: { max_ttl: 0 } },
      /limits\.max_ttl/,
    ],
    [
      'POST',
      '/admin/backends',
      { name: 'b3', driver: 'scripted', limits: { max_ttl: 1e300 } },
      /limits\.max_ttl must not be greater/,
    ],
    ['POST', '/admin/instances', { name: 'x', budget_seconds: 1e300 }, /^budget_seconds must not be greater/],
    ['POST', '/admin/tokens', { user: '', instance: 'lab-a' }, /^user must be longer/],
    ['POST', '/admin/instances', { name: 'x', shares: 0 }, /^shares must not be less/],
    ['PATCH', '/admin/backends/b1', { status: 'asleep' }, /^status must be one of/],
  ])('%s %s %j', async (method, path, body, message) => {
    const answer = await stint.call(method, `/api/v1${path}`, { body });
    expect(errorOf(answer)).toMatchObject({ status: 400, code: 1002 });
    expect(messagesOf(answer)).toContainEqual(expect.stringMatching(message));
  });

  it('but null means absent', async () => {
    const userOf = async (name: string, settings: object) => {
      await stint.admin.post('/admin/instances', { name, ...settings });
      return stint.user('carl', name);
    };
    const carl = await userOf('no-budget', { budget_seconds: null, plan: { max_ttl: null } });
    expect(await carl.post('/jobs', job({ cost: null, session_id: null }))).toMatchObject({ status: 200 });
    const limits = { max_ttl: null, interactive_ttl: { dedicated: null } };
    await stint.admin.post('/admin/backends', { name: 'nulls', driver: 'scripted', limits });
    const open = { backend: 'nulls', max_ttl: null, active_ttl: null, instance: null };
    expect((await carl.post('/sessions', open)).body).toMatchObject({ max_ttl: 28_800, interactive_ttl: 60 });
  });

  it.each<[string, string, object | undefined, string[]]>([
    ['GET', '/sessions?limit=abc', undefined, ['limit must be an integer number']],
    ['POST', '/admin/tokens', { user: 'bob' }, ['instance is missing']],
    [
      'POST',
      '/admin/tokens',
      { user: 5, instance: null },
      ['user must be a string', 'instance must be a string'],
    ],
    ['POST', '/jobs', job({ tags: 5 }), ['tags must be an array']],
    ['POST', '/jobs', job({ tags: ['x'.repeat(87), 5] }), ['each value in tags must be a string']],
    [
      'PATCH',
      '/admin/backends/b1',
      { limits: { interactive_ttl: 100, max_ttl: 'x' } },
      ['limits.max_ttl must be an integer number', 'limits.interactive_ttl must be an object'],
    ],
    [
      'POST',
      '/admin/instances',
      { name: 'x', plan: { modes: [5], max_tl: 1 } },
      [
        'plan.max_tl is not known here; known are: modes, max_ttl, active_ttl, interactive_ttl, max_execution_time, max_pending_jobs',
        'each value in plan.modes must be one of the following values: dedicated, batch',
      ],
    ],
  ])('with one message for each member: %s %s %j', async (method, path, body, messages) => {
    expect(messagesOf(await stint.call(method, `/api/v1${path}`, { body }))).toEqual(messages);
  });

  it('all mistakes in one answer', async () => {
    const answer = await alice.post('/jobs', { program_id: 7, params: {}, cost: 'x' });
    expect(messagesOf(answer).join()).toMatch(/program_id must.*cost must/);
  });

  it.each([
    [400, '%ZZ'],
    [414, 'x'.repeat(5000)],
  ])('an unreadable path is %d in the same form', async (status, id) => {
    expect(errorOf(await alice.get(`/jobs/${id}`))).toMatchObject({ status, code: 1002 });
  });

  it('an unknown route is 404 in the same form', async () => {
    expect(errorOf(await alice.get('/nothing'))).toMatchObject({ status: 404, code: 1008 });
  });
});
