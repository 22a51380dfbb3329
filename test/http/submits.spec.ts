import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { eventually } from '../support/eventually.js';
import { errorOf, TestService } from '../support/http.js';

let stint: TestService;
beforeAll(async () => (stint = await TestService.start()));
afterAll(() => stint.close());

const job = { program_id: 'scripted', backend: 'b2', params: { duration: 0 } };

describe('a submit with an Idempotency-Key', () => {
  const submit = async (key: string, body: object = job) =>
    stint.call('POST', '/api/v1/jobs', { headers: { 'idempotency-key': key }, body });
  const idOf = async (key: string, body?: object) => (await submit(key, body)).body.id as string;

  it('and the same body returns the first job again', async () => {
    expect(await idOf('k1')).toBe(await idOf('k1'));
  });

  it('and another body is refused: 422', async () => {
    await submit('k2');
    expect(errorOf(await submit('k2', { ...job, tags: ['other'] }))).toMatchObject({
      status: 422,
      code: 1002,
    });
  });

  it('creates one new job if the first was deleted', async () => {
    const first = await idOf('k7');
    await stint.admin.delete(`/jobs/${first}`);
    const second = await idOf('k7');
    expect(second).not.toBe(first);
    expect(await idOf('k7')).toBe(second);
  });

  it('is compared byte for byte, and only with submits to the same path', async () => {
    await submit('k5');
    const reordered = Object.fromEntries(Object.entries(job).reverse());
    expect((await submit('k5', reordered)).status).toBe(422);
    const headers = { 'idempotency-key': 'k5' };
    expect((await stint.call('POST', '/api/v1/sessions', { headers, body: {} })).status).toBe(200);
  });

  it('works in the same way for a session', async () => {
    const open = async (body: object) =>
      stint.call('POST', '/api/v1/sessions', { headers: { 'idempotency-key': 's1' }, body });
    const [first, again] = [await open({ backend: 'b1' }), await open({ backend: 'b1' })];
    expect(again.body.id).toBe(first.body.id);
    expect(errorOf(await open({ backend: 'b2' }))).toMatchObject({ status: 422, code: 1002 });
  });

  it('does not return the job of another user', async () => {
    const headers = { 'idempotency-key': 'k6' };
    const alice = await stint.user('alice');
    const hers = await stint.call('POST', '/api/v1/jobs', { token: alice.token, headers, body: job });
    expect(await idOf('k6')).not.toBe(hers.body.id);
  });

  it('of an admin is separate for each instance', async () => {
    const open = async (instance: string) => {
      const { crn } = await stint.user('alice', instance);
      const headers = { 'idempotency-key': 's2', 'service-crn': crn };
      return stint.call('POST', '/api/v1/sessions', { headers, body: { backend: 'b1', mode: 'batch' } });
    };
    const [first, other] = [await open('lab-x'), await open('lab-y')];
    expect([first.status, other.status]).toEqual([200, 200]);
    expect(other.body.id).not.toBe(first.body.id);
  });

  it('and another key creates another job', async () => {
    expect(await idOf('k3')).not.toBe(await idOf('k4'));
  });
});

describe('a submit whose answer could not be delivered', () => {
  /** Sends a request and closes the connection without reading the answer. */
  async function sendAndHangUp(token: string, body: string): Promise<void> {
    const { hostname, port } = new URL(stint.url);
    await new Promise<void>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => {
        socket.end(
          `POST /api/v1/jobs HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${token}\r\n` +
            `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
          () => socket.destroy(),
        );
      });
      socket.once('close', () => resolve()).once('error', reject);
    });
  }
  /** Creates a user with one stored job whose answer was lost. */
  async function given(name: string) {
    const user = await stint.user(name, `lab-of-${name}`);
    const body = JSON.stringify({ ...job, tags: [name] });
    await sendAndHangUp(user.token, body);
    const stored = async () => (await user.get('/jobs')).body.jobs as { id: string }[];
    const id = await eventually('the job is stored', async () => (await stored())[0]?.id);
    const submit = async (what = body, token = user.token) =>
      (await stint.call('POST', '/api/v1/jobs', { token, body: what })).body.id as string;
    return { id, body, submit, stored };
  }

  it('gets the first answer when it is repeated, and the repetition after that creates another job', async () => {
    const { id, submit, stored } = await given('dora');
    expect(await submit()).toBe(id);
    // The service learns a moment after sending whether an answer arrived.
    await eventually('the answer counts as delivered', async () => (await submit()) !== id);
    expect((await stored()).length).toBe(2);
  });

  it('creates another job if the body or the user differs', async () => {
    const { id, body, submit } = await given('emma');
    expect(await submit(body.replace('emma', 'other'))).not.toBe(id);
    expect(await submit(body, (await stint.user('frank', 'lab-of-emma')).token)).not.toBe(id);
    expect(await submit()).toBe(id);
  });

  it('creates another job after a minute', async () => {
    const { id, submit } = await given('gina');
    await stint.advance(60.001);
    expect(await submit()).not.toBe(id);
  });
});

describe('an instance whose budget is used up', () => {
  it('has its session closed, and its next submit is refused: 409, 4317', async () => {
    await stint.admin.post('/admin/instances', { name: 'poor', budget_seconds: 10 });
    const poor = await stint.user('paul', 'poor');
    const { id } = (await poor.post('/sessions', { backend: 'b1' })).body as { id: string };
    const long = { program_id: 'scripted', backend: 'b1', params: { duration: 100 }, session_id: id };
    await poor.post('/jobs', long);
    await stint.advance(9.999);
    expect((await poor.get(`/sessions/${id}`)).body.state).toBe('active');
    await stint.advance(0.001);
    expect((await poor.get(`/sessions/${id}`)).body).toMatchObject({
      ...{ state: 'closed', state_reason: expect.stringMatching(/budget/) },
    });
    expect(errorOf(await poor.post('/jobs', job))).toMatchObject({ status: 409, code: 4317 });
  });
});
