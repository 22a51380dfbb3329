import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { errorOf, TestService } from '../support/http.js';

let stint: TestService;
beforeAll(async () => (stint = await TestService.start()));
afterAll(() => stint.close());

const job = { program_id: 'scripted', backend: 'b2', params: { duration: 0 } };

describe('a submit with an Idempotency-Key', () => {
  const submit = async (key: string, body: object = job) =>
    stint.call('POST', '/api/v1/jobs', { headers: { 'idempotency-key': key }, body });
  const idOf = async (key: string, body?: object) => (await submit(key, body)).body.id as string;

  it('that comes again with the same body gets the first job', async () => {
    expect(await idOf('k1')).toBe(await idOf('k1'));
  });

  it('that comes again with another body is refused: 422', async () => {
    await submit('k2');
    expect(errorOf(await submit('k2', { ...job, tags: ['other'] }))).toMatchObject({
      status: 422,
      code: 1002,
    });
  });

  it('whose job was deleted makes another, once', async () => {
    const first = await idOf('k5');
    await stint.admin.delete(`/jobs/${first}`);
    const second = await idOf('k5');
    expect(second).not.toBe(first);
    expect(await idOf('k5')).toBe(second);
  });

  it('under another key is another job', async () => {
    expect(await idOf('k3')).not.toBe(await idOf('k4'));
  });
});

describe('an instance whose budget is used up', () => {
  it('has its session closed with the reason, and is refused the next submit: 409, 4317', async () => {
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
