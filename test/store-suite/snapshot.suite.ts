import { expect, it } from '@jest/globals';
import type { Snapshot } from '../../src/kernel/choice/snapshot.js';
import { seconds } from '../../src/kernel/time.js';
import type { Tx } from '../../src/scheduler/ports.js';
import { after, givenSession } from '../support/given.js';
import { givenInstance, keepJob, keepSession } from '../support/stored.js';
import { at, entry, keepElsewhere, keepLone, keepQueue, running, widen, window } from './given.js';
import type { Given, SuiteOf } from './methods.js';

export const snapshotSuite: SuiteOf<Pick<Tx, 'snapshot'>> = {
  snapshot(given) {
    const snapshotOf = async ({ write }: Given, name = 'b1') =>
      write((tx) => tx.snapshot(name, at, window)) as Promise<Snapshot>;

    it('is null for an unknown backend', async () => {
      expect(await snapshotOf(await given(), 'b3')).toBeNull();
    });

    it('begins with the first of more sessions than it reads', async () => {
      const all = await given();
      await all.write(async (tx) => {
        for (const id of ['s1', 's2', 's3', 's4', 's5']) await keepQueue(tx, { id }, 1);
      });
      const [instance] = (await snapshotOf(all)).instances;
      expect(instance?.waiting[0]).toMatchObject({ session: 's1' });
    });

    it('leaves out other backends', async () => {
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

    it('contains the general queue of each instance in submission order', async () => {
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

    it('contains as much of each queue as there are free lanes', async () => {
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

    it('contains the active batches with queued jobs, oldest activation first', async () => {
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

    it('contains the sessions that hold or reserve a slot', async () => {
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

    it("contains each instance's charge in the window, its shares, and whether its budget is used up", async () => {
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
