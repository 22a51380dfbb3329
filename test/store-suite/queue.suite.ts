import { expect, it } from '@jest/globals';
import { seconds } from '../../src/kernel/time.js';
import type { Reads } from '../../src/scheduler/ports.js';
import { after, givenJob, givenSession, t0 } from '../support/given.js';
import { givenBackend, keepJob, keepSession } from '../support/stored.js';
import { at, entry, keepElsewhere, keepLone, running } from './given.js';
import type { SuiteOf } from './methods.js';

export const queueSuite: SuiteOf<Pick<Reads, 'slots' | 'isAccruing' | 'finished' | 'charged'>> = {
  slots(given) {
    it('returns the running jobs, the holder and the reservation of each slot', async () => {
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

    it('lists removed slots after the others while a session holds them', async () => {
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
    it('is false while only scripted jobs run and no slot is held', async () => {
      const all = await given();
      await all.write(async (tx) => {
        await keepJob(tx, running('r', { script: { duration: 5, outcome: 'completed' } }));
        await keepLone(tx, {}, 'queued');
        await keepSession(tx, givenSession({ state: 'active', mode: 'batch' }));
      });
      expect(await all.read.isAccruing()).toBe(false);
    });

    it('is true with a job on a runner', async () => {
      const all = await given();
      await all.write((tx) => keepJob(tx, running('r', { backend: 'b2' })));
      expect(await all.read.isAccruing()).toBe(true);
    });

    it('is true with a session that holds a slot, even slot 0', async () => {
      const all = await given();
      await all.write((tx) => keepSession(tx, givenSession({ state: 'active', slot: 0 })));
      expect(await all.read.isAccruing()).toBe(true);
    });
  },

  finished(given) {
    const ended = (id: string, s: number, overrides: object = {}) =>
      givenJob({ id, state: 'completed', startedAt: t0, endedAt: after(s), ...overrides });
    it("returns the durations of the program's jobs on this backend, latest first", async () => {
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

    it('leaves out scripted jobs, jobs that have not run or not ended, other programs and other backends', async () => {
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

    it('returns the latest of very many', async () => {
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
    it('is 0 for an unknown instance and for one without charges', async () => {
      const { read } = await given();
      expect([await read.charged('nobody', 0, at), await read.charged('lab-a', 0, at)]).toEqual([0, 0]);
    });

    it('sums whole entries that ended after the beginning', async () => {
      const { read, write } = await given();
      await write((tx) => tx.ledger.append([entry(0, 10), entry(4, 10), entry(9, 11), entry(12, 15)]));
      expect(await read.charged('lab-a', after(10), at)).toBe(seconds(2 + 3));
      expect(await read.charged('lab-a', after(10) - 1, at)).toBe(seconds(10 + 6 + 2 + 3));
      expect(await read.charged('lab-a', after(15), at)).toBe(0);
    });

    it('adds what accrues until the given moment', async () => {
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
