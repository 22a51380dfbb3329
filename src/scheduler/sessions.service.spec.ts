import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { after } from '../../test/support/given.js';
import {
  admin,
  alice,
  batch,
  dedicated,
  givenActor,
  givenService,
  lasting,
  type Service,
} from '../../test/support/scheduler.js';
import { elapsedTime } from '../kernel/session/session.js';
import { chargedTime } from '../kernel/usage/usage.js';

const bob = givenActor('bob');
const carol = givenActor('carol', 'lab-b');
const two = { instances: [{}, { id: 'lab-b' }] };

describe('closing a session', () => {
  it('fails its queued jobs with it and leaves the running one to finish', async () => {
    const service = await givenService();
    const { id: session } = await service.sessions.open(alice, dedicated);
    const { id: running } = await service.submit({ session });
    const { id: queued } = await service.submit({ session });
    const { id: other } = await service.submit();
    await service.goTo(3);
    await service.sessions.close(alice, session);
    expect(await service.job(queued)).toMatchObject({
      state: 'failed',
      endCode: 'session_closed',
      endedAt: after(3),
    });
    await service.goTo(9);
    expect(await service.job(other)).toMatchObject({ state: 'queued' });
    await service.goTo(10);
    expect(await service.job(running)).toMatchObject({ state: 'completed' });
    expect(await service.job(other)).toMatchObject({ state: 'running', startedAt: after(10) });
    expect(await service.session(session)).toMatchObject({
      state: 'closed',
      closedAt: after(3),
      used: 10_000,
    });
  });

  it('by an admin may cancel the running jobs too, in the words of the admin', async () => {
    const service = await givenService();
    const { id: session } = await service.sessions.open(alice, dedicated);
    const { id } = await service.submit({ session });
    await service.goTo(6);
    const closed = await service.sessions.adminClose(admin, session, 'maintenance', 'cancel');
    expect(closed).toMatchObject({
      state: 'closed',
      stateReason: 'closed by admin root: maintenance',
      slot: null,
    });
    expect(await service.job(id)).toMatchObject({
      state: 'cancelled',
      reason: expect.stringContaining('maintenance'),
    });
  });

  it('may be repeated, and so may draining, but not reopening', async () => {
    const service = await givenService();
    const { id } = await service.sessions.open(alice, dedicated);
    const closed = await service.sessions.close(alice, id);
    await service.goTo(5);
    expect(await service.sessions.close(alice, id)).toEqual(closed);
    expect(await service.sessions.setAccepting(alice, id, false)).toEqual(closed);
    await expect(service.sessions.setAccepting(alice, id, true)).rejects.toMatchObject({
      code: 'session_closed',
    });
  });
});

describe('who may do what', () => {
  it('another instance knows neither the session nor the job', async () => {
    const service = await givenService(two);
    const { id: session } = await service.sessions.open(alice, dedicated);
    const { id: job } = await service.submit({ session });
    await expect(service.sessions.get(carol, session)).rejects.toMatchObject({ code: 'unknown_session' });
    await expect(service.sessions.close(carol, session)).rejects.toMatchObject({ code: 'unknown_session' });
    await expect(service.submit({ session }, carol)).rejects.toMatchObject({
      code: 'unknown_session_for_job',
    });
    await expect(service.jobs.cancel(carol, job)).rejects.toMatchObject({ code: 'unknown_job' });
  });

  it('a colleague sees a session and a job but does not close, drain, cancel or remove them', async () => {
    const service = await givenService();
    const { id: session } = await service.sessions.open(alice, dedicated);
    const { id: job } = await service.submit({ session });
    expect(await service.sessions.get(bob, session)).toMatchObject({ id: session });
    await expect(service.sessions.close(bob, session)).rejects.toMatchObject({ code: 'session_not_yours' });
    await expect(service.jobs.cancel(bob, job)).rejects.toMatchObject({ code: 'job_not_yours' });
    for (const accepting of [false, true])
      await expect(service.sessions.setAccepting(bob, session, accepting)).rejects.toMatchObject({
        code: accepting ? 'session_not_shared' : 'session_not_yours',
      });
    expect(await service.session(session)).toMatchObject({ state: 'active', acceptingJobs: true });
    await service.goTo(10);
    await expect(service.jobs.remove(bob, job)).rejects.toMatchObject({ code: 'job_not_yours' });
    expect(await service.job(job)).toMatchObject({ state: 'completed' });
  });

  it('an admin drains, closes, cancels and removes for anyone', async () => {
    const service = await givenService();
    const { id: session } = await service.sessions.open(alice, batch);
    const { id: job } = await service.submit({ session });
    expect(await service.sessions.setAccepting(admin, session, false)).toMatchObject({
      acceptingJobs: false,
    });
    expect(await service.jobs.cancel(admin, job)).toMatchObject({ state: 'cancelled' });
    await service.jobs.remove(admin, job);
    expect(await service.store.read.job(job)).toBeNull();
    expect(await service.sessions.close(admin, session)).toMatchObject({ state: 'closed' });
  });
});

describe('the queue', () => {
  it('shows a reservation that ended to everyone at once', async () => {
    const service = await givenService({ ...two, backend: { lanes: 2 } });
    await service.submit(lasting(100));
    const { id: session } = await service.sessions.open(carol, dedicated);
    await service.submit({ session }, carol);
    const { id } = await service.submit();
    expect(await service.job(id)).toMatchObject({ state: 'queued' });
    await service.sessions.close(carol, session);
    expect(await service.job(id)).toMatchObject({ state: 'running' });
  });

  it('counts what waits on the backend through submits, starts, cancels and closes', async () => {
    const service = await givenService();
    const { id: session } = await service.sessions.open(alice, dedicated);
    const jobs = [];
    for (let i = 0; i < 4; i += 1) jobs.push(await service.submit({ session }));
    const waiting = async () => (await service.store.read.backend('b1'))?.queuedJobs;
    expect(await waiting()).toBe(3);
    await service.jobs.cancel(alice, jobs[1]?.id ?? '');
    expect(await waiting()).toBe(2);
    await service.sessions.close(alice, session);
    expect(await waiting()).toBe(0);
  });
});

describe('the ledger', () => {
  const step = fc.record({
    wait: fc.constantFrom(0, 1, 5, 30, 60, 90),
    what: fc.constantFrom(
      'lone',
      'lone',
      'dedicated',
      'batch',
      'into',
      'into',
      'into',
      'cancel',
      'close',
      'drain',
    ),
    which: fc.nat(5),
  });

  async function happen(
    service: Service,
    what: string,
    which: number,
    open: string[],
    jobs: string[],
  ): Promise<void> {
    const session = open[which % Math.max(1, open.length)];
    const job = jobs.at(-1 - which);
    if (what === 'lone') jobs.push((await service.submit(lasting(which * 10))).id);
    else if (what === 'dedicated')
      open.push((await service.sessions.open(alice, { ...dedicated, maxTtl: 200_000 })).id);
    else if (what === 'batch') open.push((await service.sessions.open(alice, batch)).id);
    else if (what === 'into' && session)
      jobs.push((await service.submit({ session, ...lasting(which * 10) })).id);
    else if (what === 'cancel' && job) await service.jobs.cancel(alice, job);
    else if (what === 'close' && session) await service.sessions.close(alice, session);
    else if (what === 'drain' && session) await service.sessions.setAccepting(alice, session, false);
  }

  it('law: its sum is that of sessions and lone jobs, and no slot is charged twice at once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 20 }), async (steps) => {
        const service = await givenService({ backend: { lanes: 2, slots: 2 } });
        const open: string[] = [];
        const jobs: string[] = [];
        let now = 0;
        for (const { wait, what, which } of steps) {
          await service.goTo((now += wait));
          await happen(service, what, which, open, jobs).catch((error: { code?: string }) => {
            if (error.code === undefined) throw error;
          });
        }
        await service.goTo(now + 5000);
        const entries = await service.ledger();
        const sessions = await Promise.all(open.map((id) => service.session(id)));
        const records = await Promise.all(jobs.map((id) => service.job(id)));
        const elapsed = sessions.map((session) => elapsedTime(session, service.clock.now()) ?? 0);
        const alone = records.filter(({ session }) => session === null).map(({ used }) => used);
        const sum = (numbers: number[]) => numbers.reduce((total, n) => total + n, 0);
        expect(sum(entries.map(chargedTime))).toBe(sum([...elapsed, ...alone]));
        expect(records.filter(({ state }) => state === 'queued' || state === 'running')).toEqual([]);
        for (const hold of entries.filter(({ kind }) => kind === 'hold')) {
          const at = (e: typeof hold) => e.slot === hold.slot && e.from < hold.to && hold.from < e.to;
          expect(entries.filter(at)).toEqual([hold]);
        }
      }),
      { numRuns: 12 },
    );
  });
});
