import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { givenBackend, TestService } from '../support/http.js';

let stint: TestService;
let alice: Awaited<ReturnType<TestService['user']>>;
beforeAll(async () => {
  stint = await TestService.start();
  alice = await stint.user('alice');
});
afterAll(() => stint.close());

const submit = async (more: object = {}) =>
  (await alice.post('/jobs', { program_id: 'scripted', backend: 'b2', params: {}, ...more })).body
    .id as string;

describe('the list of backends', () => {
  const devices = async (headers: Record<string, string> = {}) =>
    (await alice.get('/backends', { headers })).body.devices as unknown[];
  const version = (date: string) => devices({ 'ibm-api-version': date });

  it.each(['2024-01-01', '2024-12-31'])('contains names only, with IBM-API-Version %s', async (date) => {
    expect(await version(date)).toEqual(['line']);
  });

  it('contains names only, without IBM-API-Version', async () => {
    expect(await devices()).toEqual(['line']);
  });

  it.each(['2025-01-01', '2025-05-01', '2026-04-15'])(
    'contains objects, with IBM-API-Version %s',
    async (date) => {
      expect(await version(date)).toMatchObject([{ name: 'line', status: { name: 'online' } }]);
    },
  );

  it.each(['garbage', '2025', '2026-13-01', '01-01-2025'])(
    'is refused with IBM-API-Version %s, and the message shows the expected form: 400',
    async (date) => {
      const { status, body } = await alice.get('/backends', { headers: { 'ibm-api-version': date } });
      expect([status, body.errors[0].message]).toEqual([
        400,
        `The header IBM-API-Version must be a date such as 2026-04-15, not "${date}".`,
      ]);
    },
  );

  it('contains the number of physical qubits, taken from the device configuration if it has one', async () => {
    const configuration = { n_qubits: 4, physical_qubits: 9 };
    const given = givenBackend({ name: 'couplers', options: { configuration } });
    const more = await TestService.start({ backends: [given] });
    try {
      const headers = { 'ibm-api-version': '2026-04-15' };
      expect((await more.admin.get('/backends', { headers })).body.devices).toMatchObject([
        { name: 'couplers', qubits: 4, physical_qubits: 9 },
      ]);
    } finally {
      await more.close();
    }
    expect(await version('2026-04-15')).toMatchObject([{ qubits: 5, physical_qubits: 5 }]);
  });
});

describe('the usage of an instance', () => {
  const usage = async (budget_seconds: number | null, ran: number) => {
    const name = `usage-${budget_seconds}-${ran}`;
    await stint.admin.post('/admin/instances', { name, budget_seconds });
    const bob = await stint.user('bob', name);
    await bob.post('/jobs', { program_id: 'scripted', backend: 'b2', params: { duration: ran } });
    await stint.advance(ran);
    return (await bob.get('/instances/usage')).body as Record<string, unknown>;
  };

  it('is whole seconds, rounded up, and so is the remaining budget', async () => {
    expect(await usage(10, 2.5)).toMatchObject({
      ...{ usage_consumed_seconds: 3, usage_limit_seconds: 10, usage_remaining_seconds: 7 },
    });
  });

  it('has nothing remaining when the limit is reached', async () => {
    expect(await usage(1.5, 1.5)).toMatchObject({
      ...{ usage_limit_reached: true, usage_limit_seconds: 2, usage_remaining_seconds: 0 },
    });
  });

  it('has neither limit nor remainder without a budget', async () => {
    const body = await usage(null, 0.25);
    expect(body).toMatchObject({ usage_consumed_seconds: 1 });
    expect(Object.keys(body)).not.toEqual(expect.arrayContaining(['usage_limit_seconds']));
    expect(Object.keys(body)).not.toEqual(expect.arrayContaining(['usage_remaining_seconds']));
  });
});

describe('a session', () => {
  it('has its active_ttl while it is open, and 0 once it is closed', async () => {
    const { id, active_ttl } = (await alice.post('/sessions', { backend: 'b2', active_ttl: 70 })).body as {
      id: string;
      active_ttl: number;
    };
    expect(active_ttl).toBe(70);
    await alice.delete(`/sessions/${id}/close`);
    expect((await alice.get(`/sessions/${id}`)).body).toHaveProperty('active_ttl', 0);
    const listed = (await alice.get('/sessions')).body.sessions as { id: string }[];
    expect(listed.find((each) => each.id === id)).toHaveProperty('active_ttl', 0);
    const admin = (await stint.admin.get('/admin/sessions')).body.sessions as { id: string }[];
    expect(admin.find((each) => each.id === id)).toHaveProperty('active_ttl', 0);
  });
});

describe('a job', () => {
  it('has its usage under every name that clients read', async () => {
    const id = await submit({ params: { duration: 3 } });
    await stint.advance(3);
    const usage = { seconds: 3, quantum_seconds: 3, qpu_charge_time_seconds: 3, status: 'complete' };
    for (const path of [`/jobs/${id}`, `/jobs/${id}/metrics`])
      expect((await alice.get(path)).body).toMatchObject({ usage });
  });

  it('has an estimated running time: that of its script, but at most its limit', async () => {
    const estimateOf = async (more: object) =>
      (await alice.get(`/jobs/${await submit(more)}`)).body.estimated_running_time_seconds as number;
    expect(await estimateOf({ params: { duration: 2.5 } })).toBe(2.5);
    expect(await estimateOf({ params: { duration: 20 }, cost: 7 })).toBe(7);
  });
});
