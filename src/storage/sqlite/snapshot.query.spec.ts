import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { backends, instances } from '../../../test/support/backends.js';
import {
  after,
  givenJob,
  givenSession,
  givenSnapshot,
  t0,
  type GivenBackend,
} from '../../../test/support/given.js';
import {
  givenBackend,
  givenDatabase,
  givenInstance,
  keepJob,
  keepSession,
} from '../../../test/support/store.js';
import { chooseJobs } from '../../kernel/choice/choose-jobs.js';
import type { Tx } from '../../scheduler/ports.js';
import { defaultFairShareWindow } from '../../kernel/usage/usage.js';

/** Stores `given` under names that begin with `run`, so that one database serves many runs. */
async function keep(tx: Tx, run: string, given: GivenBackend): Promise<void> {
  const { status = 'online', lanes = 1, slots = [{}], sessions = {}, alone = {} } = given;
  const name = (id: string) => `${run}-${id}`;
  const backend = name('b1');
  await tx.backends.insert(givenBackend({ name: backend, status, lanes, slots: slots.length }));
  for (const id of instances) {
    const { charged = 0, shares = 1 } = given.instances?.[id] ?? {};
    await tx.instances.insert(givenInstance({ id: name(id), shares }));
    const about = { backend, slot: 0, instance: name(id), user: 'alice', session: null, job: null };
    await tx.ledger.append([{ kind: 'job', ...about, from: t0 - charged, to: t0 }]);
  }
  const waiting = [
    ...Object.entries(sessions).flatMap(([id, { mode, instance = 'lab-a', queue = [] }]) =>
      queue.map((seq) => ({ seq, session: name(id), mode, instance: name(instance) })),
    ),
    ...Object.entries(alone).flatMap(([instance, seqs]) =>
      seqs.map((seq) => ({ seq, session: null, mode: 'job' as const, instance: name(instance) })),
    ),
  ].sort((a, b) => a.seq - b.seq);
  const heads = new Map<string, number>();
  for (const job of waiting) {
    const seq = await keepJob(tx, givenJob({ ...job, id: name(`j${job.seq}`), backend }));
    if (job.session !== null && !heads.has(job.session)) heads.set(job.session, seq);
  }
  for (const [i, [id, { mode, state = 'open', instance = 'lab-a', queue = [] }]] of Object.entries(
    sessions,
  ).entries()) {
    const slot = slots.findIndex(({ holder }) => holder === id);
    const holds = slot === -1 ? { slot: null, heldSince: null } : { slot, heldSince: t0 };
    const fields = {
      mode,
      state,
      instance: name(instance),
      queuedJobs: queue.length,
      activation: i + 1,
    };
    const head = { headSeq: heads.get(name(id)) ?? null };
    await keepSession(tx, givenSession({ id: name(id), backend, ...fields, ...holds, ...head }));
  }
  for (const [slot, { running = 0, holder, reservedFor }] of slots.entries()) {
    for (let n = 0; n < running; n += 1) {
      const mode = holder === undefined ? 'job' : 'dedicated';
      const session = holder === undefined ? null : name(holder);
      const about = {
        id: name(`r${slot}-${n}`),
        backend,
        slot,
        mode,
        session,
        instance: name('lab-a'),
      } as const;
      await keepJob(tx, givenJob({ state: 'running', ...about }));
    }
    if (reservedFor !== undefined) await tx.backends.reserve(backend, [{ slot, session: name(reservedFor) }]);
  }
}

let runs = 0;
/** Stores `given` and returns the choice, with the names of the test. */
async function chosen(
  store: Awaited<ReturnType<typeof givenDatabase>>['store'],
  given: GivenBackend,
): Promise<unknown> {
  const run = `run${(runs += 1)}`;
  const snapshot = await store.write(async (tx) => {
    await keep(tx, run, given);
    return tx.snapshot(`${run}-b1`, t0, defaultFairShareWindow);
  });
  const choice = snapshot === null ? null : chooseJobs(snapshot);
  return JSON.parse(JSON.stringify(choice).replaceAll(`${run}-`, ''));
}

describe('the snapshot query', () => {
  it('returns null for an unknown backend', async () => {
    const { store } = await givenDatabase();
    expect(await store.write((tx) => tx.snapshot('nowhere', t0, defaultFairShareWindow))).toBeNull();
  });

  it('leads to the same choice as a full scan, on random backends', async () => {
    const { store } = await givenDatabase();
    await fc.assert(
      fc.asyncProperty(backends, async (given) => {
        expect(await chosen(store, given)).toEqual(chooseJobs(givenSnapshot(given)));
      }),
      { numRuns: 100 },
    );
  });

  it('contains the general queue as soon as the reservation of the only slot has ended', async () => {
    const { store } = await givenDatabase();
    const sessions = { d: { mode: 'dedicated' as const, queue: [] } };
    const slots = [{ running: 1, reservedFor: 'd' }];
    const { starts } = (await chosen(store, { lanes: 2, slots, sessions, alone: { 'lab-b': [1] } })) as {
      starts: unknown[];
    };
    expect(starts).toEqual([{ job: 'j1', session: null, slot: 0 }]);
  });

  it('counts free lanes correctly if a backend has fewer lanes than are in use', async () => {
    const { store } = await givenDatabase();
    const sessions = { b: { mode: 'batch' as const, state: 'active' as const, queue: [2] } };
    const given = { lanes: 1, slots: [{ running: 2 }, {}], sessions, alone: { 'lab-b': [1] } };
    expect(await chosen(store, given)).toMatchObject({ starts: [{ job: 'j2', session: 'b', slot: 1 }] });
  });

  it('leaves out jobs that have ended, closed sessions, and other backends', async () => {
    const { store } = await givenDatabase();
    const snapshot = await store.write(async (tx) => {
      await tx.backends.insert(givenBackend({ lanes: 5 }));
      await tx.backends.insert(givenBackend({ name: 'b2' }));
      await tx.instances.insert(givenInstance());
      await keepJob(tx, givenJob({ id: 'done', state: 'completed' }));
      await keepJob(tx, givenJob({ id: 'elsewhere', backend: 'b2' }));
      await keepJob(tx, givenJob({ id: 'waits' }));
      await keepSession(tx, givenSession({ state: 'closed' }));
      return tx.snapshot('b1', t0, defaultFairShareWindow);
    });
    expect(snapshot?.instances.flatMap(({ waiting }) => waiting)).toEqual([
      { job: expect.objectContaining({ id: 'waits' }) },
    ]);
    expect(snapshot?.sessions.size).toBe(0);
  });
});

describe('the charge of an instance', () => {
  /** Stores entries of 10 s that end at 10 s, 20 s … 50 s. */
  async function givenLedger() {
    const { store } = await givenDatabase();
    await store.write(async (tx) => {
      await tx.instances.insert(givenInstance());
      await tx.instances.insert(givenInstance({ id: 'lab-b' }));
      const about = { kind: 'job', backend: 'b1', slot: 0, user: 'alice', session: null, job: null } as const;
      for (let s = 10; s <= 50; s += 10) {
        await tx.ledger.append([
          { ...about, instance: 'lab-a', from: after(s - 10), to: after(s) },
          { ...about, instance: 'lab-b', from: after(s - 1), to: after(s) },
        ]);
      }
    });
    return store;
  }

  it.each([
    ['everything', -1, 50],
    ['all but the first entry, which ended exactly then', 10, 40],
    ['an entry that began before and ended after', 19.999, 40],
    ['the last entry only', 40, 10],
    ['nothing after the last', 50, 0],
  ])('in a window with %s (from %d s): %d s', async (_, from, charged) => {
    const store = await givenLedger();
    expect(await store.read.charged('lab-a', after(from), after(60))).toBe(charged * 1000);
  });

  it('includes what accrues: its lone and batch jobs, and its held slots once', async () => {
    const store = await givenLedger();
    await store.write(async (tx) => {
      await keepJob(tx, givenJob({ id: 'lone', state: 'running', startedAt: after(50) }));
      await keepJob(
        tx,
        givenJob({ id: 'batched', state: 'running', mode: 'batch', session: 'b', startedAt: after(55) }),
      );
      await keepJob(tx, givenJob({ id: 'held', state: 'running', mode: 'dedicated', session: 'd' }));
      await keepSession(tx, givenSession({ id: 'd', state: 'active', runningJobs: 1, heldSince: after(57) }));
      await keepSession(tx, givenSession({ id: 'down', state: 'active', queuedJobs: 1, heldSince: null }));
    });
    expect(await store.read.charged('lab-a', after(50), after(60))).toBe((10 + 5 + 3) * 1000);
  });

  it('equals the sum over its entries, whatever the window', async () => {
    const { store } = await givenDatabase();
    const length = fc.array(fc.nat(50), { maxLength: 15 });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(length, fc.nat(500), async (lengths, from) => {
        const id = `lab-${(run += 1)}`;
        let to = t0;
        const entries = lengths.map((ms) => ({ from: (to += ms) - ms, to }));
        const about = {
          kind: 'hold',
          backend: 'b1',
          slot: 0,
          instance: id,
          user: 'alice',
          session: 's1',
          job: null,
        } as const;
        await store.write(async (tx) => {
          await tx.instances.insert(givenInstance({ id }));
          await tx.ledger.append(entries.map((entry) => ({ ...about, ...entry })));
        });
        const inWindow = entries.filter((entry) => entry.to > t0 + from);
        const sum = inWindow.reduce((total, entry) => total + entry.to - entry.from, 0);
        expect(await store.read.charged(id, t0 + from, to)).toBe(sum);
      }),
      { numRuns: 50 },
    );
  });
});
