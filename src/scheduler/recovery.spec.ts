import { describe, expect, it } from '@jest/globals';
import { after } from '../../test/support/given.js';
import { givenBackend } from '../../test/support/store.js';
import {
  alice,
  batch,
  dedicated,
  givenService,
  inSeconds,
  lasting,
  onRunner,
  type Service,
} from '../../test/support/scheduler.js';
import type { Instance } from './ports.js';

/** The service dies when it was last alive, without a message, and another one starts with its data. */
async function restarted(dead: Service, at: number): Promise<Service> {
  const service = await givenService({ folder: dead.folder, at });
  await service.commands.recover();
  return service;
}
const onAer = (backend = {}, instances: Partial<Instance>[] = [{}]) =>
  givenService({ instances, backend: { driver: 'aer', ...backend } });
const completed = { type: 'completed', result: '{}' } as const;

describe('a restart', () => {
  it('queues an orphaned job at the front of its session and starts it with a new token', async () => {
    const before = await onAer();
    const { id: session } = await before.sessions.open(alice, batch);
    const { id: orphan } = await before.submit({ session, ...onRunner });
    const { id: next } = await before.submit({ session, ...onRunner });
    const { token } = await before.job(orphan);
    const service = await restarted(before, 100);
    expect(await service.job(orphan)).toMatchObject({ state: 'running', attempts: 2, startedAt: after(100) });
    expect((await service.job(orphan)).token).not.toBe(token);
    expect(await service.job(next)).toMatchObject({ state: 'queued' });
    expect(service.runners.sent).toEqual([`start ${orphan}`]);
  });

  it('charges neither the lost attempt nor the time the service was down', async () => {
    const before = await onAer();
    const { id } = await before.submit(onRunner);
    const service = await restarted(before, 100);
    await service.goTo(105);
    await service.runners.answer(id, completed);
    expect(await service.job(id)).toMatchObject({ state: 'completed', used: 5000 });
    expect((await service.ledger()).map(({ from, to }) => [inSeconds(from), inSeconds(to)])).toEqual([
      [100, 105],
    ]);
  });

  it('charges a held slot until the service died and again after the restart', async () => {
    const before = await onAer();
    const { id: session } = await before.sessions.open(alice, dedicated);
    const { id: job } = await before.submit({ session, ...onRunner });
    await before.goTo(10);
    const service = await restarted(before, 100);
    await service.goTo(105);
    await service.runners.answer(job, completed);
    await service.sessions.close(alice, session);
    expect((await service.ledger()).map(({ from, to }) => [inSeconds(from), inSeconds(to)])).toEqual([
      [0, 10],
      [100, 105],
    ]);
    expect(await service.session(session)).toMatchObject({ state: 'closed', used: 15_000, slot: null });
  });

  it('that takes no time does not split the charge of a held slot', async () => {
    const before = await onAer();
    const { id: session } = await before.sessions.open(alice, dedicated);
    await before.submit({ session, ...onRunner });
    await before.goTo(10);
    const service = await restarted(before, 10);
    await service.sessions.adminClose(alice, session, 'maintenance', 'cancel');
    const [job] = await service.store.write((tx) => tx.jobs.runningOf(session));
    await service.goTo(12);
    await service.runners.answer(job?.id ?? '', { type: 'stopped' });
    expect((await service.ledger()).map(({ from, to }) => [inSeconds(from), inSeconds(to)])).toEqual([
      [0, 12],
    ]);
  });

  it('does not count the outage of a held slot towards a budget', async () => {
    const before = await givenService({ instances: [{ budget: 60_000 }], backend: { slots: 2 } });
    const { id: session } = await before.sessions.open(alice, dedicated);
    await before.submit({ session, ...lasting(10) });
    await before.submit({ session, ...lasting(10) });
    await before.submit(lasting(45));
    // 10 s of the hold and 45 s of the job. The 35 s that the slot waited for the service do not count.
    const service = await restarted(before, 50);
    expect(await service.session(session)).toMatchObject({ state: 'active', used: 10_000 });
  });

  it('keeps the slot of a dedicated session for it', async () => {
    const before = await onAer({ lanes: 2 });
    const { id: session } = await before.sessions.open(alice, dedicated);
    await before.submit({ session, ...onRunner });
    await before.submit({ session, ...onRunner });
    const { id: other } = await before.submit(onRunner);
    const service = await restarted(before, 100);
    expect(await service.session(session)).toMatchObject({ state: 'active', slot: 0, runningJobs: 2 });
    expect(await service.job(other)).toMatchObject({ state: 'queued' });
  });

  it('fails a job whose third attempt is lost', async () => {
    let service = await onAer();
    const { id } = await service.submit(onRunner);
    for (const at of [10, 20, 30]) service = await restarted(service, at);
    expect(await service.job(id)).toMatchObject({
      state: 'failed',
      attempts: 3,
      reason: expect.stringContaining('3 times'),
    });
  });

  it('fails the orphan of a closed session, and frees its slot', async () => {
    const before = await onAer();
    const { id: session } = await before.sessions.open(alice, dedicated);
    const { id } = await before.submit({ session, ...onRunner });
    await before.goTo(10);
    await before.sessions.close(alice, session);
    const service = await restarted(before, 100);
    expect(await service.job(id)).toMatchObject({ state: 'failed', endCode: 'session_closed' });
    expect(await service.session(session)).toMatchObject({ slot: null, used: 10_000 });
  });

  it('fails the orphan of a session that expired meanwhile, closed at its due time', async () => {
    const before = await onAer();
    const { id: session } = await before.sessions.open(alice, { ...dedicated, maxTtl: 50_000 });
    const { id } = await before.submit({ session, ...onRunner });
    const service = await restarted(before, 100);
    expect(await service.session(session)).toMatchObject({ state: 'closed', closedAt: after(50), used: 0 });
    expect(await service.job(id)).toMatchObject({ state: 'failed', endCode: 'session_closed' });
  });

  it('cancels an orphan that was asked to stop', async () => {
    const before = await onAer();
    const { id } = await before.submit(onRunner);
    await before.jobs.cancel(alice, id);
    const service = await restarted(before, 100);
    expect(await service.job(id)).toMatchObject({
      state: 'cancelled',
      reason: 'cancelled by user alice',
      attempts: 1,
    });
    expect(service.runners.sent).toEqual([]);
  });

  it('ends scripted jobs at their due time: they have no process to lose', async () => {
    const before = await givenService();
    const { id } = await before.submit();
    const service = await restarted(before, 100);
    expect(await service.job(id)).toMatchObject({ state: 'completed', endedAt: after(10), attempts: 1 });
  });

  it('does not charge a slot after a scripted job ended while the next one waited for the service, closed meanwhile or not', async () => {
    const before = await givenService({ backend: { slots: 2 } });
    const { id: closed } = await before.sessions.open(alice, { ...dedicated, maxTtl: 50_000 });
    const { id: open } = await before.sessions.open(alice, dedicated);
    for (const session of [closed, open]) {
      await before.submit({ session, ...lasting(10) });
      await before.submit({ session, ...lasting(10) });
    }
    const service = await restarted(before, 200);
    expect(await service.session(closed)).toMatchObject({
      state: 'closed',
      closedAt: after(50),
      used: 10_000,
    });
    expect(await service.session(open)).toMatchObject({
      state: 'active',
      used: 10_000,
      heldSince: after(200),
    });
  });

  it('writes all charges in the order in which they ended', async () => {
    const before = await givenService({ backend: { slots: 2 } });
    const { id: first } = await before.sessions.open(alice, dedicated);
    await before.submit({ session: first, ...lasting(10) });
    await before.submit({ session: first, ...lasting(10) });
    const { id: second } = await before.sessions.open(alice, dedicated);
    await before.submit({ session: second, ...lasting(100) });
    const service = await restarted(before, 200);
    expect((await service.ledger()).map(({ session, to }) => [session, inSeconds(to)])).toEqual([
      [first, 10],
      [second, 160],
    ]);
  });
});

describe('a job whose program must not run twice', () => {
  it('has one attempt: it fails when its runner is lost', async () => {
    const service = await onAer();
    service.runners.notRepeatable.add('sampler');
    const { id } = await service.submit(onRunner);
    await service.runners.answer(id, { type: 'lost', why: 'exit code 9' });
    expect(await service.job(id)).toMatchObject({
      ...{ state: 'failed', attempts: 1, used: 0 },
      reason: 'its runner was lost and its program must not run twice: exit code 9',
    });
  });

  it('even if this became known only before its runner began, and the service died then', async () => {
    const before = await onAer();
    const { id } = await before.submit(onRunner);
    await before.runners.sayLast(id);
    const service = await restarted(before, 100);
    expect(await service.job(id)).toMatchObject({ state: 'failed', attempts: 1 });
    expect(service.runners.sent).toEqual([]);
  });

  it('and a runner of an earlier attempt does not use up an attempt', async () => {
    const service = await onAer();
    const { id } = await service.submit(onRunner);
    const token = service.runners.token(id);
    await service.runners.answer(id, { type: 'lost', why: 'exit code 9' });
    await service.runners.sayLast(id, token);
    expect(await service.job(id)).toMatchObject({ state: 'running', attempts: 2, maxAttempts: 3 });
  });
});

describe('a runner', () => {
  it('whose attempt was lost changes nothing with a late message', async () => {
    const service = await onAer();
    const { id } = await service.submit(onRunner);
    const token = service.runners.token(id);
    await service.runners.answer(id, { type: 'lost', why: 'exit code 9' });
    await service.runners.answer(id, completed, token);
    expect(await service.job(id)).toMatchObject({ state: 'running', attempts: 2 });
    expect(await service.store.read.result(id)).toBeNull();
  });

  it('that is lost frees its share of a budget, even for jobs on other backends', async () => {
    const service = await onAer({}, [{ budget: 60_000 }]);
    const { id: lost } = await service.submit(onRunner);
    await service.backends.create(givenBackend({ name: 'b2' }));
    await service.submit({ backend: 'b2', ...lasting(30) });
    const { id: waiting } = await service.submit({ backend: 'b2', ...lasting(5) });
    await service.goTo(30);
    expect(await service.job(waiting)).toMatchObject({ state: 'queued' });
    await service.runners.answer(lost, { type: 'lost', why: 'exit code 9' });
    expect(await service.job(waiting)).toMatchObject({ state: 'running' });
  });

  it('that reports its end twice counts once', async () => {
    const service = await onAer();
    const { id } = await service.submit(onRunner);
    await service.runners.answer(id, completed);
    await service.runners.answer(id, { type: 'failed', reason: 'again', reasonCode: null, traceback: null });
    expect(await service.job(id)).toMatchObject({ state: 'completed', reason: null });
  });

  it('that does not stop is killed after 10 s, and again until it ends', async () => {
    const service = await onAer();
    const { id } = await service.submit(onRunner);
    await service.jobs.cancel(alice, id);
    await service.goTo(9.999);
    expect(service.runners.sent).toEqual([`start ${id}`, `stop ${id}`]);
    await service.goTo(10);
    expect(service.runners.sent.at(-1)).toBe(`kill ${id}`);
    expect(await service.job(id)).toMatchObject({ state: 'running' });
    await service.goTo(20);
    expect(service.runners.sent.filter((message) => message.startsWith('kill'))).toHaveLength(2);
  });

  it('frees its lane when its process has ended', async () => {
    const service = await onAer();
    const { id } = await service.submit(onRunner);
    const { id: next } = await service.submit(onRunner);
    await service.jobs.cancel(alice, id);
    expect(await service.job(next)).toMatchObject({ state: 'queued' });
    await service.runners.answer(id, { type: 'stopped' });
    expect(await service.job(id)).toMatchObject({ state: 'cancelled' });
    expect(await service.job(next)).toMatchObject({ state: 'running' });
  });

  it('is asked to stop when the job has run for its limit, and its end then counts as cancelled with a code', async () => {
    const service = await onAer();
    const { id } = await service.submit({ ...onRunner, maxExecutionTime: 5000 });
    await service.goTo(5);
    expect(service.runners.sent.at(-1)).toBe(`stop ${id}`);
    await service.runners.answer(id, completed);
    expect(await service.job(id)).toMatchObject({ state: 'cancelled', endCode: 'ran_too_long', used: 5000 });
  });
});

describe('the time when the service was last alive', () => {
  it('matters while a slot is held, even if nothing runs on it', async () => {
    const service = await onAer();
    const { id: session } = await service.sessions.open(alice, dedicated);
    const { id: job } = await service.submit({ session, ...onRunner });
    await service.runners.answer(job, completed);
    expect(await service.session(session)).toMatchObject({ state: 'active', runningJobs: 0 });
    expect(await service.store.read.isAccruing()).toBe(true);
    await service.sessions.close(alice, session);
    expect(await service.store.read.isAccruing()).toBe(false);
  });

  it('is stored by an orderly stop: a held slot is charged until then', async () => {
    const before = await onAer();
    const { id: session } = await before.sessions.open(alice, dedicated);
    const { id: job } = await before.submit({ session, ...onRunner });
    await before.submit({ session, ...onRunner });
    await before.backends.change('b1', () => ({ status: 'paused' }));
    await before.runners.answer(job, completed);
    before.sleepUntil(50);
    await before.commands.noteAlive();
    const service = await restarted(before, 60);
    await service.sessions.close(alice, session);
    expect((await service.ledger()).map(({ from, to }) => [inSeconds(from), inSeconds(to)])).toEqual([
      [0, 50],
    ]);
  });
});

describe('a deadline that cannot take effect because its row is invalid', () => {
  const broken = async () => {
    const service = await givenService({ backend: { lanes: 2 } });
    const { id: session } = await service.sessions.open(alice, batch);
    const { id: job } = await service.submit({ session, ...lasting(10) });
    await service.store.write(async (tx) => {
      const active = await tx.sessions.find(session);
      if (active !== null) await tx.sessions.save({ ...active, state: 'open' }, null);
    });
    return { service, session, job };
  };

  it('blocks nothing else: it is disarmed, and all others take effect', async () => {
    const { service, job } = await broken();
    const { id: other } = await service.submit(lasting(20));
    await service.goTo(30);
    expect((await service.job(job)).state).toBe('running');
    expect(await service.job(other)).toMatchObject({ state: 'completed', endedAt: after(20) });
  });

  it('fails only the change that re-creates it', async () => {
    const { service, session } = await broken();
    await service.goTo(40_000);
    await expect(service.submit({ session, ...lasting(1) })).rejects.toThrow(/cannot take effect/);
    expect((await service.submit(lasting(1))).state).toBe('queued');
  });

  it('is corrected if it is earlier than its clock, instead of being due forever', async () => {
    const service = await givenService();
    const { id } = await service.sessions.open(alice, batch);
    await service.submit({ session: id, ...lasting(5) });
    await service.store.write(async (tx) => {
      const session = await tx.sessions.find(id);
      if (session !== null) await tx.sessions.save(session, { at: after(11), kind: 'max_ttl' });
    });
    const next = await restarted(service, 20);
    expect((await next.session(id)).state).toBe('active');
    await next.goTo(30_000);
    expect((await next.session(id)).state).toBe('closed');
  });

  it('does not keep the service from starting if a runner was lost as well', async () => {
    const service = await onAer({ lanes: 2 });
    const { id: session } = await service.sessions.open(alice, batch);
    const { id: job } = await service.submit({ session, ...onRunner });
    await service.store.write(async (tx) => {
      const active = await tx.sessions.find(session);
      if (active !== null) await tx.sessions.save({ ...active, state: 'open' }, null);
    });
    const next = await restarted(service, 100);
    expect((await next.job(job)).state).toBe('running');
    expect(await next.job((await next.submit(onRunner)).id)).toMatchObject({ state: 'running' });
  });

  it('does not keep the service from starting', async () => {
    const { service: before, job } = await broken();
    const service = await restarted(before, 100);
    expect((await service.job(job)).state).toBe('running');
    expect((await service.submit(lasting(1))).state).toBe('queued');
  });
});
