import { expect, it } from '@jest/globals';
import type { Snapshot } from '../../src/kernel/choice/snapshot.js';
import type { ForecastView } from '../../src/kernel/estimate/forecast.view.js';
import { seconds } from '../../src/kernel/time.js';
import type { Reads, Tx } from '../../src/scheduler/ports.js';
import { after, givenJob, givenSession, t0 } from '../support/given.js';
import { givenBackend, givenInstance, keepJob, keepSession } from '../support/stored.js';
import { entry, keepLone, keepQueue, window } from './given.js';
import type { Given, SuiteOf } from './methods.js';

const at = after(2000);
/** Gives `b1` so many slots of so many lanes. */
const widen = ({ write }: Given, slots: number, lanes = 1) =>
  write((tx) => tx.backends.save(givenBackend({ slots, lanes })));
const running = (id: string, said: object = {}) => givenJob({ id, state: 'running', ...said });

/** Jobs and sessions that must not be seen from `b1`: on another backend, ended, closed. */
async function keepElsewhere(tx: Tx): Promise<void> {
  await keepLone(tx, { backend: 'b2', instance: 'lab-b' }, 'x1');
  await keepQueue(tx, { id: 'x2', backend: 'b2' }, 1);
  await keepQueue(tx, { id: 'x3', backend: 'b2', state: 'active', mode: 'batch', activation: 90 }, 1);
  await keepJob(tx, running('x4', { backend: 'b2' }));
  await keepJob(tx, givenJob({ id: 'x5', state: 'completed', startedAt: t0, endedAt: after(1) }));
  await keepSession(tx, givenSession({ id: 'x6', state: 'closed' }));
  await keepSession(tx, givenSession({ id: 'x7', backend: 'b2', state: 'active', slot: 0 }));
}

export const snapshotSuite: SuiteOf<Pick<Tx, 'snapshot'>> = {
  snapshot(given) {
    const snapshotOf = async ({ write }: Given, name = 'b1') =>
      write((tx) => tx.snapshot(name, at, window)) as Promise<Snapshot>;

    it('is null of a backend that is not there', async () => {
      expect(await snapshotOf(await given(), 'b3')).toBeNull();
    });

    it('shows what is elsewhere to nobody', async () => {
      const all = await given();
      await all.write(keepElsewhere);
      expect(await snapshotOf(all)).toEqual({
        backend: { name: 'b1', status: 'online', lanes: 1 },
        slots: [{ index: 0, running: 0, holder: null, reservedFor: null }],
        sessions: new Map(),
        batches: [],
        instances: [],
      });
    });

    it('has the general queue of each instance in the order of submission', async () => {
      const all = await given();
      await widen(all, 2, 2);
      await all.write(async (tx) => {
        await keepElsewhere(tx);
        await keepLone(tx, {}, 'a1');
        await keepQueue(tx, { id: 's1', state: 'inactive' }, 2);
        await keepLone(tx, { instance: 'lab-b' }, 'b1');
        await keepLone(tx, {}, 'a2');
        await keepQueue(tx, { id: 's2', mode: 'batch' }, 1);
        await keepJob(tx, running('r1'));
      });
      const seq = async (id: string) => (await all.read.job(id))?.seq ?? 0;
      const { instances, sessions } = await snapshotOf(all);
      expect(instances.map(({ id }) => id)).toEqual(['lab-a', 'lab-b']);
      expect(instances[0]?.waiting).toEqual([
        { job: { id: 'a1', seq: await seq('a1') } },
        { session: 's1', seq: await seq('s1-1') },
        { job: { id: 'a2', seq: await seq('a2') } },
        { session: 's2', seq: await seq('s2-1') },
      ]);
      expect(instances[1]?.waiting).toEqual([{ job: { id: 'b1', seq: await seq('b1') } }]);
      const queue = [1, 2].map(async (n) => ({ id: `s1-${n}`, seq: await seq(`s1-${n}`) }));
      const known = { id: 's1', mode: 'dedicated', state: 'inactive', queue: await Promise.all(queue) };
      expect(sessions.get('s1')).toEqual(known);
    });

    it('has as many of each queue as there are free lanes', async () => {
      const all = await given();
      await widen(all, 2, 2);
      await all.write(async (tx) => {
        await keepJob(tx, running('r1'));
        await keepQueue(tx, { id: 's1', state: 'active', mode: 'batch' }, 5);
        await keepLone(tx, {}, 'a1', 'a2', 'a3', 'a4', 'a5');
      });
      const { sessions, instances } = await snapshotOf(all);
      const ids = sessions.get('s1')?.queue.map(({ id }) => id);
      expect(ids?.slice(0, 3)).toEqual(['s1-1', 's1-2', 's1-3']);
      const waiting = instances[0]?.waiting.map((one) => ('job' in one ? one.job.id : one.session));
      expect(waiting?.slice(0, 3)).toEqual(['a1', 'a2', 'a3']);
    });

    it('has the active batches with something queued, the oldest activation first', async () => {
      const all = await given();
      await widen(all, 4);
      await all.write(async (tx) => {
        await keepElsewhere(tx);
        for (const [id, activation] of [
          ['s1', 7],
          ['s2', 3],
          ['s3', 12],
        ] as const)
          await keepQueue(tx, { id, state: 'active', mode: 'batch', activation }, 1);
        await keepSession(tx, givenSession({ id: 's4', state: 'active', mode: 'batch', activation: 1 }));
        await keepQueue(tx, { id: 's5', state: 'inactive', mode: 'batch', activation: 2 }, 1);
      });
      const { batches, sessions, instances } = await snapshotOf(all);
      expect(batches).toEqual(['s2', 's1', 's3']);
      expect(sessions.get('s1')?.state).toBe('active');
      expect(instances[0]?.waiting).toMatchObject([{ session: 's5' }]);
    });

    it('has the sessions that hold a slot or were promised one', async () => {
      const all = await given();
      await widen(all, 3);
      await all.write(async (tx) => {
        await keepQueue(tx, { id: 's1', state: 'active', slot: 2 }, 2);
        await keepQueue(tx, { id: 's2' }, 1);
        await tx.backends.reserve('b1', [{ slot: 1, session: 's2' }]);
        await keepLone(tx, {}, 'a1');
      });
      const { slots, sessions } = await snapshotOf(all);
      expect(slots).toEqual([
        { index: 0, running: 0, holder: null, reservedFor: null },
        { index: 1, running: 0, holder: null, reservedFor: 's2' },
        { index: 2, running: 0, holder: 's1', reservedFor: null },
      ]);
      expect([...sessions.keys()].sort()).toEqual(['s1', 's2']);
      expect(sessions.get('s1')?.queue[0]?.id).toBe('s1-1');
    });

    it('says how the instances stand: what the window has of their charges, shares, and whether a budget is used up', async () => {
      const all = await given();
      await all.write(async (tx) => {
        await tx.instances.save(givenInstance({ shares: 3, budget: seconds(20) }));
        await tx.instances.save(givenInstance({ id: 'lab-b', shares: 2, budget: seconds(20) + 1 }));
        for (const instance of ['lab-a', 'lab-b']) {
          await keepLone(tx, { instance }, `of-${instance}`);
          await tx.ledger.append([entry(900, 1000, { instance }), entry(1000, 1005, { instance })]);
          await keepJob(tx, running(`r-${instance}`, { instance, backend: 'b2', startedAt: after(1985) }));
        }
      });
      const { instances } = await snapshotOf(all);
      expect(instances).toMatchObject([
        { id: 'lab-a', shares: 3, charged: seconds(20), blocked: true },
        { id: 'lab-b', shares: 2, charged: seconds(20), blocked: false },
      ]);
    });
  },
};

type QueueReads = Pick<Reads, 'slots' | 'isAccruing' | 'waiting' | 'forecast' | 'finished' | 'charged'>;

export const queueReadsSuite: SuiteOf<QueueReads> = {
  slots(given) {
    it('says of each slot how many jobs run, who holds it and to whom it is promised', async () => {
      const all = await given();
      await all.write(async (tx) => {
        await keepElsewhere(tx);
        for (const [id, slot] of [
          ['r1', 0],
          ['r2', 0],
          ['r3', 2],
        ] as const)
          await keepJob(tx, running(id, { slot }));
        await keepSession(tx, givenSession({ id: 's1', state: 'active', slot: 1 }));
        await tx.backends.reserve('b1', [
          { slot: 2, session: 's2' },
          { slot: 0, session: null },
        ]);
        await tx.backends.reserve('b2', [{ slot: 0, session: 's3' }]);
      });
      expect(await all.read.slots(givenBackend({ slots: 3 }))).toEqual([
        { index: 0, running: 2, holder: null, reservedFor: null },
        { index: 1, running: 0, holder: 's1', reservedFor: null },
        { index: 2, running: 1, holder: null, reservedFor: 's2' },
      ]);
    });

    it('shows slots that were taken away as long as a session holds them, behind the others', async () => {
      const all = await given();
      await all.write(async (tx) => {
        for (const slot of [4, 2])
          await keepSession(tx, givenSession({ id: `s${slot}`, state: 'active', slot }));
      });
      const slots = await all.read.slots(givenBackend({ slots: 1 }));
      expect(slots.map(({ index, holder }) => [index, holder])).toEqual([
        [0, null],
        [2, 's2'],
        [4, 's4'],
      ]);
    });
  },

  isAccruing(given) {
    it('is false while only scripts run and nobody holds a slot', async () => {
      const all = await given();
      await all.write(async (tx) => {
        await keepJob(tx, running('r', { script: { duration: 5, outcome: 'completed' } }));
        await keepLone(tx, {}, 'queued');
        await keepSession(tx, givenSession({ state: 'active', mode: 'batch' }));
      });
      expect(await all.read.isAccruing()).toBe(false);
    });

    it('is true with a job on a process', async () => {
      const all = await given();
      await all.write((tx) => keepJob(tx, running('r', { backend: 'b2' })));
      expect(await all.read.isAccruing()).toBe(true);
    });

    it('is true with a session that holds a slot, the first one too', async () => {
      const all = await given();
      await all.write((tx) => keepSession(tx, givenSession({ state: 'active', slot: 0 })));
      expect(await all.read.isAccruing()).toBe(true);
    });
  },

  waiting(given) {
    const waitingOf = async ({ read }: Given, id: string) => {
      const job = await read.job(id);
      return job === null ? null : read.waiting(job, at, window);
    };

    it('is null where the backend is not there', async () => {
      const all = await given();
      await all.write((tx) => tx.backends.remove('b1'));
      expect(await all.read.waiting(givenJob(), at, window)).toBeNull();
    });

    it('counts what was submitted before the job: lone jobs, and whole sessions by their first job', async () => {
      const all = await given();
      await all.write(async (tx) => {
        await keepElsewhere(tx);
        await keepLone(tx, {}, 'a1', 'a2');
        await keepQueue(tx, { id: 's1' }, 3);
        await keepQueue(tx, { id: 's2', state: 'inactive', mode: 'batch' }, 2);
        await keepLone(tx, { instance: 'lab-b' }, 'b1');
        await keepLone(tx, {}, 'asked', 'later');
        await keepQueue(tx, { id: 's3' }, 4);
      });
      expect(await waitingOf(all, 'asked')).toEqual({
        at,
        backend: { status: 'online', statusReason: null, slots: 1 },
        job: { session: null, instance: 'lab-a', needsSlot: false },
        aheadInSession: 0,
        aheadInInstance: 7,
        holders: [],
        reserved: [],
        batches: [],
        instances: [
          expect.objectContaining({ id: 'lab-a', name: 'lab-a', queued: 13 }),
          expect.objectContaining({ id: 'lab-b', name: 'lab-b', queued: 1 }),
        ],
      });
    });

    it('finds the place of a session by its first job, and of the job within it', async () => {
      const all = await given();
      await all.write(async (tx) => {
        await keepLone(tx, {}, 'a1');
        await keepQueue(tx, { id: 's1' }, 3);
        await keepLone(tx, {}, 'a2');
        await keepQueue(tx, { id: 's2', mode: 'batch' }, 1);
      });
      expect(await waitingOf(all, 's1-3')).toMatchObject({
        job: { session: 's1', instance: 'lab-a', needsSlot: true },
        ...{ aheadInSession: 2, aheadInInstance: 1 },
      });
      expect(await waitingOf(all, 's2-1')).toMatchObject({
        job: { session: 's2', needsSlot: false },
        ...{ aheadInSession: 0, aheadInInstance: 5 },
      });
    });

    it('knows who holds slots and until when, who was promised one, and the active batches', async () => {
      const all = await given();
      await all.write(async (tx) => {
        await keepElsewhere(tx);
        await tx.backends.save(givenBackend({ slots: 4, status: 'paused', statusReason: 'why' }));
        await keepQueue(tx, { id: 'h2', state: 'active', slot: 1, startedAt: after(10) }, 2);
        await keepSession(tx, givenSession({ id: 'h1', state: 'closed', slot: 0, runningJobs: 2 }));
        const dedicated = { session: 'h1', mode: 'dedicated' };
        await keepJob(tx, running('r1', { ...dedicated, startedAt: after(5) }));
        await keepJob(tx, running('r2', { ...dedicated, startedAt: after(9), slot: 0 }));
        await keepQueue(tx, { id: 'p2' }, 1);
        await keepQueue(tx, { id: 'p1' }, 3);
        await tx.backends.reserve('b1', [
          { slot: 3, session: 'p2' },
          { slot: 2, session: 'p1' },
        ]);
        for (const [id, activation] of [
          ['q1', 7],
          ['q2', 3],
        ] as const)
          await keepQueue(tx, { id, state: 'active', mode: 'batch', activation }, activation);
        await keepSession(tx, givenSession({ id: 'q3', state: 'active', mode: 'batch' }));
        await keepLone(tx, {}, 'asked');
      });
      const found = await waitingOf(all, 'asked');
      expect(found?.backend).toEqual({ status: 'paused', statusReason: 'why', slots: 4 });
      expect(found?.holders).toEqual([
        { id: 'h1', slot: 0, queued: 0, isClosed: true, until: null, runsUntil: after(109) },
        { id: 'h2', slot: 1, queued: 2, isClosed: false, until: after(1010), runsUntil: null },
      ]);
      expect(found?.reserved).toEqual([
        { id: 'p1', queued: 3 },
        { id: 'p2', queued: 1 },
      ]);
      expect(found?.batches).toEqual([
        { id: 'q2', queued: 3 },
        { id: 'q1', queued: 7 },
      ]);
      // Those that were promised a slot wait for it, and not in the general queue.
      expect(found?.aheadInInstance).toBe(0);
      expect(found?.instances).toMatchObject([{ id: 'lab-a', queued: 1 }]);
    });

    it('counts what a level instance submitted before, and nothing of one that goes before or behind', async () => {
      const all = await given();
      await all.write(async (tx) => {
        for (const id of ['lab-c', 'lab-d']) await tx.instances.insert(givenInstance({ id, shares: 2 }));
        await tx.instances.save(givenInstance({ budget: 1 }));
        for (const [instance, s] of [
          ['lab-a', 9],
          ['lab-b', 5],
          ['lab-c', 10],
          ['lab-d', 11],
        ] as const) {
          await tx.ledger.append([entry(0, 999, { instance }), entry(1500, 1500 + s, { instance })]);
          await keepLone(tx, { instance }, `1-${instance}`, `2-${instance}`);
        }
        await keepLone(tx, { instance: 'lab-b' }, 'asked');
        await keepLone(tx, { instance: 'lab-c' }, '3-lab-c');
      });
      const found = await waitingOf(all, 'asked');
      const instances = [...(found?.instances ?? [])].sort((a, b) => (a.id < b.id ? -1 : 1));
      const common = { shares: 1, blocked: false, queued: 2, earlier: 0 };
      expect(instances).toEqual([
        { ...common, id: 'lab-a', name: 'lab-a', charged: seconds(9), blocked: true },
        { ...common, id: 'lab-b', name: 'lab-b', charged: seconds(5), queued: 3 },
        { ...common, id: 'lab-c', name: 'lab-c', charged: seconds(10), shares: 2, queued: 3, earlier: 2 },
        { ...common, id: 'lab-d', name: 'lab-d', charged: seconds(11), shares: 2 },
      ]);
      expect(found?.aheadInInstance).toBe(2);
    });
  },

  forecast(given) {
    const forecastOf = ({ read }: Given, asker: string | null = null, name = 'b1') =>
      read.forecast(name, at, window, asker) as Promise<ForecastView>;
    const queued = async ({ read }: Given, id: string) => {
      const { seq, instance, program, maxExecutionTime } = (await read.job(id)) ?? givenJob();
      return { id, seq, instance, program, maxExecutionTime, duration: null };
    };

    it('is null of a backend that is not there', async () => {
      expect(await forecastOf(await given(), null, 'b3')).toBeNull();
    });

    it('shows what is elsewhere to nobody, and who asks even if it waits for nothing', async () => {
      const all = await given();
      await all.write(keepElsewhere);
      const nothing = {
        at,
        backend: { name: 'b1', status: 'online', lanes: 1 },
        slots: [{ index: 0, running: 0, holder: null, reservedFor: null }],
        ...{ running: [], sessions: [], batches: [], instances: [], hiddenFrom: null, recent: [] },
      };
      expect(await forecastOf(all)).toEqual(nothing);
      const asker = { id: 'lab-b', shares: 1, charged: 0, rate: 0, budget: null, waiting: [], more: false };
      expect(await forecastOf(all, 'lab-b')).toEqual({ ...nothing, instances: [asker] });
    });

    it('has what runs, with its script, its stop and who is charged', async () => {
      const all = await given();
      await widen(all, 2, 2);
      await all.write(async (tx) => {
        await keepElsewhere(tx);
        const script = { duration: 5, outcome: 'completed' } as const;
        const stop = { at: after(7), reason: 'why', endCode: null };
        await keepJob(tx, running('r1', { script, startedAt: after(6) }));
        const about = { session: 's1', mode: 'dedicated', instance: 'lab-b', program: 'x' };
        await keepJob(tx, running('r2', { ...about, stop, slot: 1, maxExecutionTime: 9 }));
        await keepSession(tx, givenSession({ id: 's1', state: 'active', slot: 1, instance: 'lab-b' }));
      });
      const { running: found, instances, sessions } = await forecastOf(all);
      const common = { session: null, slot: 0, charged: true, stopAt: null };
      const byId = [...found].sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(byId).toEqual([
        { ...(await queued(all, 'r1')), ...common, duration: 5, startedAt: after(6) },
        {
          ...{ ...(await queued(all, 'r2')), ...common, session: 's1', slot: 1, charged: false },
          ...{ startedAt: t0, stopAt: after(7) },
        },
      ]);
      // Whose jobs run is among the instances: a budget may run out.
      expect(instances.map(({ id }) => id).sort()).toEqual(['lab-a', 'lab-b']);
      const kept = await all.read.session('s1');
      expect(sessions).toEqual([{ ...kept, queue: [], more: false }]);
    });

    it('has the general queue of each instance in the order of submission, with the queues of its sessions', async () => {
      const all = await given();
      await all.write(async (tx) => {
        await keepElsewhere(tx);
        await keepLone(tx, {}, 'a1');
        await keepQueue(tx, { id: 's1', state: 'inactive' }, 2);
        await keepLone(tx, {}, 'a2');
        await keepLone(tx, { instance: 'lab-b' }, 'b1');
      });
      const { instances, sessions } = await forecastOf(all);
      const of = (id: string) => instances.find((each) => each.id === id)?.waiting;
      const s1 = await queued(all, 's1-1');
      const a = [await queued(all, 'a1'), { session: 's1', seq: s1.seq }, await queued(all, 'a2')];
      expect(of('lab-a')).toEqual(a);
      expect(of('lab-b')).toEqual([await queued(all, 'b1')]);
      expect(sessions).toEqual([
        { ...(await all.read.session('s1')), queue: [s1, await queued(all, 's1-2')], more: false },
      ]);
    });

    it('has the active batches with something queued, the oldest activation first', async () => {
      const all = await given();
      await all.write(async (tx) => {
        for (const [id, activation] of [
          ['s1', 7],
          ['s2', 3],
          ['s3', 12],
        ] as const)
          await keepQueue(tx, { id, state: 'active', mode: 'batch', activation }, 1);
        await keepSession(tx, givenSession({ id: 's4', state: 'active', mode: 'batch', activation: 1 }));
      });
      const { batches, sessions } = await forecastOf(all);
      expect(batches).toEqual(['s2', 's1', 's3']);
      expect(sessions.map(({ id }) => id).sort()).toEqual(['s1', 's2', 's3']);
    });

    it('has the instances in the order of the general queue, with what they are charged and how fast', async () => {
      const all = await given();
      await all.write(async (tx) => {
        for (const id of ['lab-c', 'lab-d']) await tx.instances.insert(givenInstance({ id, shares: 2 }));
        await tx.instances.save(givenInstance({ budget: 1 }));
        for (const [instance, s] of [
          ['lab-a', 1],
          ['lab-b', 5],
          ['lab-c', 4],
        ] as const) {
          await tx.ledger.append([entry(0, 1000, { instance }), entry(1500, 1500 + s, { instance })]);
          await keepLone(tx, { instance }, `of-${instance}`);
        }
        await keepLone(tx, { instance: 'lab-d' }, 'of-lab-d');
        const started = { instance: 'lab-d', backend: 'b2', startedAt: after(1995) };
        await keepJob(tx, running('r1', started));
        await keepJob(tx, running('r2', { ...started, mode: 'dedicated', session: 's1' }));
        const held = { instance: 'lab-d', backend: 'b2', heldSince: after(1999) };
        await keepSession(tx, givenSession({ id: 's1', state: 'active', ...held }));
      });
      const { instances } = await forecastOf(all);
      const common = { shares: 1, rate: 0, budget: null, more: false };
      expect(instances.map(({ waiting: _, ...each }) => each)).toEqual([
        { ...common, id: 'lab-c', shares: 2, charged: seconds(4) },
        { ...common, id: 'lab-d', shares: 2, charged: seconds(6), rate: 2 },
        { ...common, id: 'lab-b', charged: seconds(5) },
        { ...common, id: 'lab-a', charged: seconds(1), budget: 1 },
      ]);
    });

    it('says where it leaves something out', async () => {
      const all = await given();
      const many = Array.from({ length: 130 }, (_, n) => `lab-${1000 + n}`);
      await all.write(async (tx) => {
        await keepQueue(tx, { id: 's1', state: 'active', mode: 'batch' }, 700);
        for (const [n, id] of many.entries()) {
          await tx.instances.insert(givenInstance({ id, shares: 2 }));
          await tx.ledger.append([entry(1500, 1501 + n, { instance: id })]);
          await keepLone(tx, { instance: id }, ...Array.from({ length: 12 }, (_, i) => `${id}-${i}`));
        }
      });
      const asker = many.at(-1) ?? '';
      const { instances, sessions, hiddenFrom } = await forecastOf(all, asker);
      const shown = instances.map(({ id }) => id);
      expect(shown).toContain(asker);
      const hidden = many.findIndex((id) => !shown.includes(id));
      expect(hiddenFrom).toBe(hidden === -1 ? null : seconds(1 + hidden) / 2);
      const waiting = instances.filter(({ id }) => id.startsWith('lab-1'));
      for (const { id, waiting: entries, more } of waiting) {
        expect(more).toBe(entries.length < 12);
        const ids = entries.map((each) => ('id' in each ? each.id : each.session));
        expect(ids).toEqual(Array.from({ length: entries.length }, (_, i) => `${id}-${i}`));
      }
      expect(sessions).toMatchObject([{ id: 's1', more: (sessions[0]?.queue.length ?? 0) < 700 }]);
      expect(sessions[0]?.queue.map(({ id }) => id).slice(0, 3)).toEqual(['s1-1', 's1-2', 's1-3']);
    });

    it('has how long recent jobs took of the programs that wait or run', async () => {
      const all = await given();
      await all.write(async (tx) => {
        const ended = { state: 'completed', startedAt: t0, endedAt: after(3) } as const;
        for (const program of ['waits', 'runs', 'neither', 'scripted'])
          await keepJob(tx, givenJob({ id: `done-${program}`, program, ...ended }));
        await keepLone(tx, { program: 'waits' }, 'a1', 'a2');
        await keepLone(tx, { program: 'scripted', script: { duration: 5, outcome: 'completed' } }, 'a3');
        await keepJob(tx, running('r1', { program: 'runs' }));
      });
      const { recent } = await forecastOf(all);
      const took = { instance: 'lab-a', duration: seconds(3) };
      expect(recent).toHaveLength(2);
      expect(recent).toEqual(
        expect.arrayContaining(['runs', 'waits'].map((program) => ({ program, ...took }))),
      );
    });
  },

  finished(given) {
    const ended = (id: string, s: number, said: object = {}) =>
      givenJob({ id, state: 'completed', startedAt: t0, endedAt: after(s), ...said });
    it('says how long the jobs of the program took there, the latest first', async () => {
      const { read, write } = await given();
      await write(async (tx) => {
        for (const job of [
          ended('j1', 5, { state: 'failed' }),
          ended('j2', 9, { instance: 'lab-b' }),
          ended('j3', 7),
        ])
          await keepJob(tx, job);
      });
      const found = await read.finished('b1', 'sampler');
      expect(found).toEqual([
        { program: 'sampler', instance: 'lab-b', duration: seconds(9) },
        { program: 'sampler', instance: 'lab-a', duration: seconds(7) },
        { program: 'sampler', instance: 'lab-a', duration: seconds(5) },
      ]);
    });

    it('leaves out scripts, what has not run or not ended, other programs and other backends', async () => {
      const { read, write } = await given();
      await write(async (tx) => {
        await keepJob(tx, ended('j1', 5, { script: { duration: 5, outcome: 'completed' } }));
        await keepJob(tx, ended('j2', 5, { state: 'cancelled', startedAt: null }));
        await keepJob(tx, running('j3'));
        await keepJob(tx, ended('j4', 5, { program: 'estimator' }));
        await keepJob(tx, ended('j5', 5, { backend: 'b2' }));
      });
      expect(await read.finished('b1', 'sampler')).toEqual([]);
    });

    it('has the latest of very many', async () => {
      const { read, write } = await given();
      await write(async (tx) => {
        for (let n = 1; n <= 600; n += 1) await keepJob(tx, ended(`j${n}`, n));
      });
      const found = (await read.finished('b1', 'sampler')).map(({ duration }) => duration);
      expect(found.length).toBeGreaterThanOrEqual(100);
      expect(found).toEqual(Array.from({ length: found.length }, (_, i) => seconds(600 - i)));
    });
  },

  charged(given) {
    it('is nothing of an instance that is not there or that was charged nothing', async () => {
      const { read } = await given();
      expect([await read.charged('nobody', 0, at), await read.charged('lab-a', 0, at)]).toEqual([0, 0]);
    });

    it('counts whole entries that ended after the beginning', async () => {
      const { read, write } = await given();
      await write((tx) => tx.ledger.append([entry(0, 10), entry(4, 10), entry(9, 11), entry(12, 15)]));
      expect(await read.charged('lab-a', after(10), at)).toBe(seconds(2 + 3));
      expect(await read.charged('lab-a', after(10) - 1, at)).toBe(seconds(10 + 6 + 2 + 3));
      expect(await read.charged('lab-a', after(15), at)).toBe(0);
    });

    it('adds what accrues until the moment that is asked for', async () => {
      const { read, write } = await given();
      await write(async (tx) => {
        await keepJob(tx, running('a', { startedAt: after(3) }));
        await keepJob(tx, running('b', { startedAt: after(5), mode: 'batch', session: 's0', backend: 'b2' }));
        await keepJob(tx, running('c', { mode: 'dedicated', session: 's1' }));
        await keepSession(tx, givenSession({ id: 's1', state: 'active', heldSince: after(4) }));
        await keepSession(tx, givenSession({ id: 's2', state: 'active', slot: 1, heldSince: null }));
      });
      expect(await read.charged('lab-a', 0, after(10))).toBe(seconds(7 + 5 + 6));
      expect(await read.charged('lab-b', 0, after(10))).toBe(0);
    });
  },
};
