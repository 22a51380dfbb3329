import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dayOf, givenNexosis, type Account } from '../support/nexosis.js';
import type { TestService } from '../support/http.js';
import { eventually } from '../support/eventually.js';

let service: TestService;
let alice: Account;

beforeAll(async () => {
  ({ service, ...alice } = await givenNexosis());
  await alice.putCsv('data/hang', `day,sales,do\n${dayOf(1)},1,hang\n${dayOf(2)},2,x`);
});
afterAll(() => service.close());

const request = {
  ...{ dataSourceName: 'hang', targetColumn: 'sales', startDate: dayOf(3), endDate: dayOf(4) },
};
const start = async (): Promise<string> =>
  (await alice.post('sessions/forecast', request)).body.sessionId as string;

const waits = (position: number, why: string) => ({
  severity: 'informational',
  message: `Waits at position ${position} of the queue: ${why}.`,
});

describe('a waiting session', () => {
  it('shows its place and the reason until it starts', async () => {
    const running = [await start(), await start()];
    for (const id of running)
      await eventually(
        'its start',
        async () => (await alice.get(`sessions/${id}`)).body.status === 'started',
      );
    const [first, second] = [await start(), await start()];
    const firstWaits = waits(1, 'all lanes are busy');
    const secondWaits = waits(2, '1 job of its own instance goes first');
    expect((await alice.get(`sessions/${first}`)).body).toMatchObject({
      status: 'requested',
      messages: [firstWaits],
    });
    expect((await alice.get(`sessions/${second}`)).body.messages).toEqual([secondWaits]);
    expect((await alice.get(`sessions/${second}/results`)).body).toMatchObject({
      ...{ status: 'requested', messages: [secondWaits], data: [] },
    });
    const third = await alice.post('sessions/forecast', request);
    expect(third.body.messages).toEqual([waits(3, '2 jobs of its own instance go first')]);
    await alice.delete(`sessions/${running[0]}`);
    const started = await eventually('the start of the first', async () => {
      const answer = await alice.get(`sessions/${first}`);
      return answer.body.status === 'started' && answer;
    });
    expect(started.body.messages).not.toContainEqual(firstWaits);
    expect((await alice.get(`sessions/${second}`)).body.messages).toEqual([waits(1, 'all lanes are busy')]);
    for (const id of [running[1], first, second, third.body.sessionId as string])
      expect((await alice.delete(`sessions/${id}`)).status).toBe(204);
  }, 30_000);
});

describe('a session that the service ended has the reason in the words of the dialect:', () => {
  it('one that ran longer than its time limit', async () => {
    const id = await start();
    await eventually('its start', async () => (await alice.get(`sessions/${id}`)).body.status === 'started');
    await service.advance(10_800);
    const { body } = await alice.ended(id);
    expect([body.status, body.messages]).toEqual([
      'cancelled',
      [{ severity: 'warning', message: 'ran too long: its time limit of 10800 s is over' }],
    ]);
  });

  it('one that an admin closed before it started', async () => {
    await service.admin.patch('/admin/backends/learner', { status: 'paused' });
    const id = await start();
    await service.admin.post(`/admin/sessions/${id}/close`, { reason: 'maintenance' });
    const { body } = await alice.ended(id);
    const why = 'the session was closed before its calculation was done: closed by admin admin: maintenance';
    expect([body.status, body.messages]).toEqual(['failed', [{ severity: 'error', message: why }]]);
    await service.admin.patch('/admin/backends/learner', { status: 'online' });
  });
});
