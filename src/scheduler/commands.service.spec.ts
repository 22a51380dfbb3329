import { describe, expect, it } from '@jest/globals';
import { after, givenLimits, givenSession, t0 } from '../../test/support/given.js';
import {
  batch,
  dedicated,
  alice,
  givenService,
  inSeconds,
  lasting,
  onRunner,
} from '../../test/support/scheduler.js';
import { keepSession } from '../../test/support/store.js';
import type { Store } from './ports.js';

describe('a deadline that is processed late', () => {
  it('takes effect at its due time: closing, time stamps and charge', async () => {
    const service = await givenService();
    const { id } = await service.sessions.open(alice, dedicated);
    await service.submit({ session: id, ...lasting(5) });
    service.sleepUntil(500);
    await service.commands.tick();
    const session = await service.session(id);
    expect(session.timestamps.map(({ status, at }) => `${status} ${inSeconds(at)}`)).toEqual([
      'open 0',
      'active 0',
      'inactive 65',
    ]);
    expect(session.used).toBe(65_000);
    expect(
      (await service.ledger()).map(({ kind, from, to }) => [kind, inSeconds(from), inSeconds(to)]),
    ).toEqual([['hold', 0, 65]]);
  });

  it('is applied before the command, in order of due time', async () => {
    const service = await givenService();
    const { id } = await service.sessions.open(alice, { ...dedicated, maxTtl: 20_000 });
    const { id: job } = await service.submit({ session: id, ...lasting(5) });
    service.sleepUntil(20);
    await expect(service.submit({ session: id })).rejects.toMatchObject({ code: 'session_closed' });
    await service.commands.tick();
    expect(await service.job(job)).toMatchObject({ state: 'completed', endedAt: after(5) });
    expect(await service.session(id)).toMatchObject({ state: 'closed', closedAt: after(20) });
  });

  it('is applied before the command, however many are due', async () => {
    const { store, folder } = await givenService();
    const due = { state: 'inactive', startedAt: t0 - givenLimits.maxTtl } as const;
    await store.write(async (tx) => {
      for (let i = 0; i < 510; i += 1) await keepSession(tx, givenSession({ ...due, id: `s${i}` }));
      await keepSession(tx, givenSession({ ...due, id: 'last', createdAt: after(1) }));
    });
    const service = await givenService({ folder });
    await expect(service.submit({ session: 'last' })).rejects.toMatchObject({ code: 'session_closed' });
  });

  it('that closes a session is applied before its next job is chosen, however many others are due', async () => {
    const service = await givenService();
    const { id } = await service.sessions.open(alice, { ...batch, maxTtl: 20_000, interactiveTtl: 5_000 });
    await service.submit({ session: id, ...lasting(1) });
    await service.goTo(7);
    await service.submit(lasting(10));
    const { id: job } = await service.submit({ session: id, ...lasting(1) });
    const due = { state: 'inactive', startedAt: t0 + 17_500 - givenLimits.maxTtl } as const;
    await service.store.write(async (tx) => {
      for (let i = 0; i < 510; i += 1) await keepSession(tx, givenSession({ ...due, id: `s${i}` }));
    });
    service.sleepUntil(60);
    await service.commands.tick();
    expect(await service.session(id)).toMatchObject({ state: 'closed', closedAt: after(20) });
    expect(await service.job(job)).toMatchObject({
      state: 'failed',
      endCode: 'session_closed',
      startedAt: null,
    });
    const { id: next } = await service.submit(lasting(1));
    expect(await service.job(next)).toMatchObject({ state: 'running' });
  });

  it('starts the next job when it is processed, not before', async () => {
    const service = await givenService();
    await service.submit(lasting(10));
    const { id } = await service.submit(lasting(10));
    service.sleepUntil(30);
    await service.commands.tick();
    expect(await service.job(id)).toMatchObject({ state: 'running', startedAt: after(30) });
  });

  it('that is processed in time starts the next job at that moment', async () => {
    const service = await givenService();
    await service.submit(lasting(10));
    const { id } = await service.submit(lasting(10));
    await service.goTo(30);
    expect(await service.job(id)).toMatchObject({
      state: 'completed',
      startedAt: after(10),
      endedAt: after(20),
    });
  });
});

describe('a command', () => {
  it('stores nothing if it is refused', async () => {
    const service = await givenService();
    const { id } = await service.sessions.open(alice, batch);
    await service.sessions.close(alice, id);
    const before = await service.session(id);
    await expect(service.submit({ session: id })).rejects.toMatchObject({ code: 'session_closed' });
    expect(await service.store.read.jobs({ limit: 10, offset: 0 })).toEqual({ items: [], total: 0 });
    expect(await service.store.read.backend('b1')).toMatchObject({ queuedJobs: 0 });
    expect(await service.session(id)).toEqual(before);
  });

  it('sends nothing to a runner if it is refused', async () => {
    const service = await givenService({ backend: { driver: 'aer' } });
    await expect(
      service.commands.run(async (unit) => {
        await unit.tx.backends.countQueued('b1', 1);
        throw new Error('refused');
      }),
    ).rejects.toThrow('refused');
    expect(service.runners.sent).toEqual([]);
  });

  it('applies the deadlines again that an earlier refused command applied and rolled back', async () => {
    const service = await givenService();
    const { id } = await service.sessions.open(alice, dedicated);
    service.sleepUntil(1800);
    await expect(service.submit({ session: id })).rejects.toMatchObject({ code: 'session_closed' });
    await service.commands.tick();
    expect(await service.session(id)).toMatchObject({ state: 'closed', closedAt: after(1800) });
  });

  it('starts jobs of zero duration one after another at the same moment', async () => {
    const service = await givenService();
    const jobs = [];
    for (let i = 0; i < 5; i += 1) jobs.push(await service.submit(lasting(0)));
    for (const { id } of jobs)
      expect(await service.job(id)).toMatchObject({ state: 'completed', endedAt: t0 });
  });

  it('that cancels a job in the same commit as its start keeps the job from reaching a runner', async () => {
    const service = await givenService({ backend: { driver: 'aer' } });
    // Submit and cancel share one commit: the job's id is the first that is given.
    await Promise.all([service.submit(onRunner), service.jobs.cancel(alice, 'id-1')]);
    expect(service.runners.sent).toEqual(['stop id-1']);
    const { token } = await service.job('id-1');
    await service.runners.answer('id-1', { type: 'lost', why: 'no process works on it' }, token ?? '');
    expect(await service.job('id-1')).toMatchObject({ state: 'cancelled' });
  });
});

describe('a commit that succeeds but seems to fail', () => {
  it('leaves no attempt without a process', async () => {
    const service = await givenService({ backend: { driver: 'aer' } });
    await withLostAnswer(service.store, () =>
      expect(service.submit(onRunner)).rejects.toThrow('the disk went away'),
    );
    expect(await service.job('id-1')).toMatchObject({ state: 'running' });
    expect(service.runners.sent).toEqual(['start id-1']);
  });

  it('stops no attempt that the rows do not stop', async () => {
    const service = await givenService({ backend: { driver: 'aer' } });
    const { id } = await service.submit(onRunner);
    await withFailedCommit(service.store, () =>
      expect(service.jobs.cancel(alice, id)).rejects.toThrow('the disk went away'),
    );
    expect(await service.job(id)).toMatchObject({ state: 'running', stop: null });
    expect(service.runners.sent).toEqual([`start ${id}`]);
  });
});

describe('a runner that cannot receive a stop', () => {
  it('does not fail a committed command or hold up other runners', async () => {
    const service = await givenService({ backend: { driver: 'aer', lanes: 2 } });
    const { id: session } = await service.sessions.open(alice, batch);
    const { id: deaf } = await service.submit({ session, ...onRunner });
    const { id: other } = await service.submit({ session, ...onRunner });
    const stop = service.runners.stop.bind(service.runners);
    service.runners.stop = (job) => {
      if (job === deaf) throw new Error('EPIPE');
      stop(job);
    };
    await service.sessions.adminClose(alice, session, 'maintenance', 'cancel');
    expect(service.runners.sent.at(-1)).toBe(`stop ${other}`);
    await service.goTo(10);
    expect(service.runners.sent).toContain(`kill ${deaf}`);
  });
});

describe('the clock', () => {
  it('never goes back, even if the clock of the computer is set back between two starts', async () => {
    const first = await givenService({ backend: { driver: 'aer' } });
    await first.goTo(100);
    const { id } = await first.submit(onRunner);
    const second = await givenService({ folder: first.folder, at: 40 });
    await second.commands.recover();
    await second.runners.answer(id, { type: 'completed', result: '{}' });
    expect(await second.job(id)).toMatchObject({ startedAt: after(100), endedAt: after(100), used: 0 });
  });
});

/** The store commits and then fails. */
async function withLostAnswer(store: Store, work: () => Promise<void>): Promise<void> {
  const write = store.write.bind(store);
  store.write = async (changes) => {
    await write(changes);
    throw new Error('the disk went away');
  };
  await work();
  store.write = write;
}

/** The store saves everything, but the commit fails. */
async function withFailedCommit(store: Store, work: () => Promise<void>): Promise<void> {
  const write = store.write.bind(store);
  store.write = (changes) =>
    write(async (tx) => {
      await changes(tx);
      throw new Error('the disk went away');
    });
  await work();
  store.write = write;
}
