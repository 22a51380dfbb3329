import { expect, it } from '@jest/globals';
import type { Backend } from '../../src/kernel/backend/backend.js';
import type { Tx } from '../../src/scheduler/ports.js';
import { givenJob, givenSession, t0 } from '../support/given.js';
import { givenBackend, keepJob, keepSession } from '../support/stored.js';
import { keepLone } from './given.js';
import type { Given, SuiteOf } from './methods.js';

const fullBackend: Backend = {
  ...{ name: 'full', driver: 'aer', slots: 2, lanes: 3 },
  limits: {
    ...{ maxTtl: 1001, activeTtl: 1002, interactiveTtl: { dedicated: 1003, batch: 1004 } },
    ...{ unusedTtl: 1005, maxExecutionTime: 1006 },
  },
  ...{ onIdle: 'close', status: 'paused', statusReason: 'maintenance', statusBy: 'service' },
  ...{ queuedJobs: 0, createdAt: t0 + 1, options: { deep: { list: [1, 'two', null] } } },
};

export const backendsSuite: SuiteOf<Tx['backends']> = {
  find(given) {
    it('returns the backend by its name, or null', async () => {
      const { write } = await given();
      expect(await write((tx) => tx.backends.find('b2'))).toEqual(givenBackend({ name: 'b2' }));
      expect(await write((tx) => tx.backends.find('b3'))).toBeNull();
    });
  },

  names(given) {
    it('returns all names in order', async () => {
      const { write } = await given();
      await write((tx) => tx.backends.insert(givenBackend({ name: 'a9' })));
      expect(await write((tx) => tx.backends.names())).toEqual(['a9', 'b1', 'b2']);
    });
  },

  insert(given) {
    it('stores every member', async () => {
      const { read, write } = await given();
      await write((tx) => tx.backends.insert(fullBackend));
      expect(await read.backend('full')).toEqual(fullBackend);
    });

    it('refuses an existing name', async () => {
      const { write } = await given();
      await expect(write((tx) => tx.backends.insert(givenBackend()))).rejects.toThrow();
    });
  },

  save(given) {
    it('changes every member of this backend except the number of its queued jobs', async () => {
      const { read, write } = await given();
      await write((tx) => tx.backends.insert(givenBackend({ name: 'full' })));
      await write((tx) => tx.backends.countQueued('full', 4));
      await write((tx) => tx.backends.save({ ...fullBackend, queuedJobs: 99 }));
      expect(await read.backend('full')).toEqual({ ...fullBackend, queuedJobs: 4 });
      expect(await read.backend('b1')).toEqual(givenBackend());
    });
  },

  isInUse(given) {
    const inUse = ({ write }: Given, name = 'b1') => write((tx) => tx.backends.isInUse(name));
    it('is false without jobs and sessions, if all have ended, and for an unknown backend', async () => {
      const all = await given();
      await all.write(async (tx) => {
        await keepJob(tx, givenJob({ state: 'completed', endedAt: t0 }));
        await keepSession(tx, givenSession({ state: 'closed' }));
      });
      expect(await inUse(all)).toBe(false);
      expect(await inUse(all, 'b3')).toBe(false);
    });

    it('is true with a queued job', async () => {
      const all = await given();
      await all.write((tx) => keepLone(tx, {}, 'j1'));
      expect([await inUse(all), await inUse(all, 'b2')]).toEqual([true, false]);
    });

    it('is true with a running job', async () => {
      const all = await given();
      await all.write((tx) => keepJob(tx, givenJob({ state: 'running' })));
      expect([await inUse(all), await inUse(all, 'b2')]).toEqual([true, false]);
    });

    it('is true with an open session', async () => {
      const all = await given();
      await all.write((tx) => keepSession(tx, givenSession({ state: 'inactive' })));
      expect([await inUse(all), await inUse(all, 'b2')]).toEqual([true, false]);
    });
  },

  remove(given) {
    it('removes this backend and its reservations', async () => {
      const { read, write } = await given();
      const promise = [{ slot: 0, session: 's1' }];
      for (const name of ['b1', 'b2']) await write((tx) => tx.backends.reserve(name, promise));
      await write((tx) => tx.backends.remove('b1'));
      expect(await read.backend('b1')).toBeNull();
      await write((tx) => tx.backends.insert(givenBackend()));
      expect(await read.slots(givenBackend())).toMatchObject([{ reservedFor: null }]);
      expect(await read.slots(givenBackend({ name: 'b2' }))).toMatchObject([{ reservedFor: 's1' }]);
    });
  },

  countQueued(given) {
    it('adds to and subtracts from the counter of this backend', async () => {
      const { read, write } = await given();
      await write((tx) => tx.backends.countQueued('b1', 5));
      await write((tx) => tx.backends.countQueued('b1', -2));
      expect((await read.backend('b1'))?.queuedJobs).toBe(3);
      expect((await read.backend('b2'))?.queuedJobs).toBe(0);
    });
  },

  reserve(given) {
    it('reserves each slot for a session, then for another one, then for none', async () => {
      const { read, write } = await given();
      const promised = async (name = 'b1') =>
        (await read.slots(givenBackend({ name, slots: 2 }))).map(({ reservedFor }) => reservedFor);
      const reserve = (...reservations: { slot: number; session: string | null }[]) =>
        write((tx) => tx.backends.reserve('b1', reservations));
      await reserve({ slot: 0, session: 's1' }, { slot: 1, session: 's2' });
      expect(await promised()).toEqual(['s1', 's2']);
      await reserve({ slot: 1, session: 's3' });
      expect(await promised()).toEqual(['s1', 's3']);
      await reserve({ slot: 0, session: null });
      expect(await promised()).toEqual([null, 's3']);
      expect(await promised('b2')).toEqual([null, null]);
    });
  },
};
