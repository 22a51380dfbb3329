import { expect, it } from '@jest/globals';
import { seconds } from '../../src/kernel/time.js';
import type { Reads } from '../../src/scheduler/ports.js';
import { after, givenJob, givenSession } from '../support/given.js';
import { givenBackend, givenInstance, keepJob, keepSession } from '../support/stored.js';
import { at, entry, keepElsewhere, keepLone, keepQueue, running, window } from './given.js';
import type { Given, SuiteOf } from './methods.js';

export const waitingSuite: SuiteOf<Pick<Reads, 'waiting'>> = {
  waiting(given) {
    const waitingOf = async ({ read }: Given, id: string) => {
      const job = await read.job(id);
      return job === null ? null : read.waiting(job, at, window);
    };

    it('is null for an unknown backend', async () => {
      const all = await given();
      await all.write((tx) => tx.backends.remove('b1'));
      expect(await all.read.waiting(givenJob(), at, window)).toBeNull();
    });

    it('counts jobs submitted before: lone jobs, and all jobs of sessions whose first job was', async () => {
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

    it('is up to date, however often it is read', async () => {
      const all = await given();
      await all.write((tx) => keepLone(tx, {}, 'a1', 'asked'));
      expect(await waitingOf(all, 'asked')).toMatchObject({ aheadInInstance: 1, instances: [{ queued: 2 }] });
      await all.write((tx) => keepLone(tx, {}, 'later'));
      expect(await waitingOf(all, 'asked')).toMatchObject({ aheadInInstance: 1, instances: [{ queued: 3 }] });
      await all.write((tx) => tx.jobs.remove('a1'));
      expect(await waitingOf(all, 'asked')).toMatchObject({ aheadInInstance: 0, instances: [{ queued: 2 }] });
    });

    it('counts for a session by its first job, and for the job within it', async () => {
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

    it('contains holders and until when, reservations, and active batches', async () => {
      const all = await given();
      await all.write(async (tx) => {
        await keepElsewhere(tx);
        await tx.backends.save(givenBackend({ slots: 4, status: 'paused', statusReason: 'why' }));
        await keepQueue(tx, { id: 'h2', state: 'active', slot: 1, startedAt: after(10) }, 2);
        await keepSession(tx, givenSession({ id: 'h1', state: 'closed', slot: 0, runningJobs: 2 }));
        const dedicated = { session: 'h1', mode: 'dedicated' } as const;
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
      // Sessions with a reservation wait for their slot, and not in the general queue.
      expect(found?.aheadInInstance).toBe(0);
      expect(found?.instances).toMatchObject([{ id: 'lab-a', queued: 1 }]);
    });

    it('counts earlier jobs of tied instances, and none of instances before or after', async () => {
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
};
