import { expect, it } from '@jest/globals';
import type { ForecastView } from '../../src/kernel/estimate/forecast.view.js';
import { seconds } from '../../src/kernel/time.js';
import type { Reads } from '../../src/scheduler/ports.js';
import { after, givenJob, givenSession, t0 } from '../support/given.js';
import { givenInstance, keepJob, keepSession } from '../support/stored.js';
import { at, entry, keepElsewhere, keepLone, keepQueue, running, widen, window } from './given.js';
import type { Given, SuiteOf } from './methods.js';

export const forecastSuite: SuiteOf<Pick<Reads, 'forecast'>> = {
  forecast(given) {
    const forecastOf = ({ read }: Given, requester: string | null = null, name = 'b1') =>
      read.forecast(name, at, window, requester) as Promise<ForecastView>;
    const queued = async ({ read }: Given, id: string) => {
      const { seq, instance, program, maxExecutionTime } = (await read.job(id)) ?? givenJob();
      return { id, seq, instance, program, maxExecutionTime, duration: null };
    };

    it('is null for an unknown backend', async () => {
      expect(await forecastOf(await given(), null, 'b3')).toBeNull();
    });

    it('leaves out other backends, and contains the requester even with nothing queued', async () => {
      const all = await given();
      await all.write(keepElsewhere);
      const nothing = {
        at,
        backend: { name: 'b1', status: 'online', lanes: 1 },
        slots: [{ index: 0, running: 0, holder: null, reservedFor: null }],
        ...{ running: [], sessions: [], batches: [], instances: [], hiddenFrom: null, recent: [] },
      };
      expect(await forecastOf(all)).toEqual(nothing);
      const requester = {
        id: 'lab-b',
        shares: 1,
        charged: 0,
        rate: 0,
        budget: null,
        waiting: [],
        more: false,
      };
      expect(await forecastOf(all, 'lab-b')).toEqual({ ...nothing, instances: [requester] });
    });

    it('contains running jobs with their script, stop and charge', async () => {
      const all = await given();
      await widen(all, 2, 2);
      await all.write(async (tx) => {
        await keepElsewhere(tx);
        const script = { duration: 5, outcome: 'completed' } as const;
        const stop = { at: after(7), reason: 'why', endCode: null };
        await keepJob(tx, running('r1', { script, startedAt: after(6) }));
        const about = { session: 's1', mode: 'dedicated', instance: 'lab-b', program: 'x' } as const;
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
      // An instance with running jobs is included, because its budget may run out.
      expect(instances.map(({ id }) => id).sort()).toEqual(['lab-a', 'lab-b']);
      const kept = await all.read.session('s1');
      expect(sessions).toEqual([{ ...kept, queue: [], more: false }]);
    });

    it('contains the general queue of each instance in submission order, with the queues of its sessions', async () => {
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

    it('contains the active batches with queued jobs, oldest activation first', async () => {
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

    it('contains the instances in the order of the general queue, with their charge and its rate', async () => {
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

    it('marks where it leaves something out', async () => {
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
      const requester = many.at(-1) ?? '';
      const { instances, sessions, hiddenFrom } = await forecastOf(all, requester);
      const shown = instances.map(({ id }) => id);
      expect(shown).toContain(requester);
      const hidden = many.findIndex((id) => !shown.includes(id));
      expect(hiddenFrom).toBe(hidden === -1 ? null : seconds(1 + hidden) / 2);
      const waiting = instances.filter(({ id }) => id.startsWith('lab-1'));
      for (const { id, waiting: entries, more } of waiting) {
        expect(more).toBe(entries.length < 12);
        expect(entries.length).toBeGreaterThan(4);
        const ids = entries.map((each) => ('id' in each ? each.id : each.session));
        expect(ids).toEqual(Array.from({ length: entries.length }, (_, i) => `${id}-${i}`));
      }
      expect(sessions).toMatchObject([{ id: 's1', more: (sessions[0]?.queue.length ?? 0) < 700 }]);
      expect(sessions[0]?.queue.map(({ id }) => id).slice(0, 3)).toEqual(['s1-1', 's1-2', 's1-3']);
    });

    it('contains the durations of recent jobs, for programs that wait or run', async () => {
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
};
