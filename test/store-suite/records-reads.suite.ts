import { expect, it } from '@jest/globals';
import { seconds } from '../../src/kernel/time.js';
import type { Reads } from '../../src/scheduler/ports.js';
import { after } from '../support/given.js';
import { entry } from './given.js';
import type { Given, SuiteOf } from './methods.js';
import { givenEvent } from './records.suite.js';

export const recordsReadsSuite: SuiteOf<Pick<Reads, 'events' | 'lastEvent' | 'ledger' | 'ledgerSums'>> = {
  events(given) {
    const keep = async (all: Given) => {
      await all.write(async ({ events }) => {
        await events.append(givenEvent({ actor: 'a', instance: 'lab-a', session: 's1' }));
        await events.append(givenEvent({ actor: 'all' }));
        await events.append(givenEvent({ actor: 'b', instance: 'lab-b', session: 's2' }));
        await events.append(givenEvent({ actor: 'a2', instance: 'lab-a', session: 's2' }));
        await events.append(givenEvent({ actor: 'all2', session: 's1' }));
      });
      return all;
    };
    const actors = async ({ read }: Given, filter: object) =>
      (await read.events({ after: 0, limit: 99, ...filter })).map(({ actor }) => actor);

    it('returns those after the given one, oldest first, up to a limit', async () => {
      const all = await keep(await given());
      const every = await all.read.events({ after: 0, limit: 99 });
      expect(every.map(({ actor }) => actor)).toEqual(['a', 'all', 'b', 'a2', 'all2']);
      expect(await actors(all, { after: every[2]?.id })).toEqual(['a2', 'all2']);
      expect(await actors(all, { after: every[0]?.id, limit: 2 })).toEqual(['all', 'b']);
    });

    it("returns an instance's own events, and events without an instance", async () => {
      const all = await keep(await given());
      expect(await actors(all, { instance: 'lab-a' })).toEqual(['a', 'all', 'a2', 'all2']);
      expect(await actors(all, { instance: 'lab-a', limit: 3 })).toEqual(['a', 'all', 'a2']);
      const [, second] = await all.read.events({ after: 0, limit: 2 });
      expect(await actors(all, { instance: 'lab-a', after: second?.id })).toEqual(['a2', 'all2']);
    });

    it('filters by session', async () => {
      const all = await keep(await given());
      expect(await actors(all, { session: 's2' })).toEqual(['b', 'a2']);
      expect(await actors(all, { session: 's1', instance: 'lab-b' })).toEqual(['all2']);
    });
  },

  lastEvent(given) {
    it('is the number of the last event, and 0 before the first', async () => {
      const { read, write } = await given();
      expect(await read.lastEvent()).toBe(0);
      for (let n = 0; n < 3; n += 1) await write((tx) => tx.events.append(givenEvent()));
      expect(await read.lastEvent()).toBe((await read.events({ after: 0, limit: 9 })).at(-1)?.id);
    });
  },

  ledger(given) {
    const keep = async (all: Given) => {
      const overrides = { instance: 'lab-b', backend: 'b2', user: 'bob' };
      await all.write((tx) =>
        tx.ledger.append([
          entry(0, 10, { ...overrides, job: 'j1' }),
          entry(10, 20, { ...overrides, instance: 'lab-a', job: 'j2' }),
          entry(20, 30, { ...overrides, backend: 'b1', job: 'j3' }),
          entry(30, 40, { ...overrides, user: 'alice', job: 'j4' }),
        ]),
      );
      return all;
    };
    const jobs = async ({ read }: Given, filter: object, page?: object) =>
      (await read.ledger(filter, page)).map(({ job }) => job);

    it('filters by instance, backend and user, and by all of them', async () => {
      const all = await keep(await given());
      expect(await jobs(all, {})).toEqual(['j1', 'j2', 'j3', 'j4']);
      expect(await jobs(all, { instance: 'lab-a' })).toEqual(['j2']);
      expect(await jobs(all, { backend: 'b1' })).toEqual(['j3']);
      expect(await jobs(all, { user: 'alice' })).toEqual(['j4']);
      expect(await jobs(all, { instance: 'lab-b', backend: 'b2', user: 'bob' })).toEqual(['j1']);
    });

    it('returns entries that overlap the period, not those that only touch it', async () => {
      const all = await keep(await given());
      expect(await jobs(all, { from: after(10), to: after(20) })).toEqual(['j2']);
      expect(await jobs(all, { from: after(10) - 1, to: after(20) + 1 })).toEqual(['j1', 'j2', 'j3']);
      expect(await jobs(all, { from: after(30) })).toEqual(['j4']);
      expect(await jobs(all, { to: after(10) })).toEqual(['j1']);
    });

    it('returns a page after the given entry', async () => {
      const all = await keep(await given());
      const [first] = await all.read.ledger({}, { limit: 1 });
      expect(await jobs(all, {}, { after: first?.id, limit: 2 })).toEqual(['j2', 'j3']);
      expect(await jobs(all, { backend: 'b2' }, { after: first?.id, limit: 2 })).toEqual(['j2', 'j4']);
      expect(await jobs(all, {}, { after: first?.id })).toEqual(['j2', 'j3', 'j4']);
    });
  },

  ledgerSums(given) {
    it('is 0 without entries', async () => {
      const { read } = await given();
      expect(await read.ledgerSums({}, [])).toEqual({ charged: 0, entries: 0, groups: [], groupsLeftOff: 0 });
      expect((await read.ledgerSums({}, ['user'])).groups).toEqual([]);
    });

    it('sums by the requested members, largest first, then by name', async () => {
      const { read, write } = await given();
      await write((tx) =>
        tx.ledger.append([
          entry(0, 1, { user: 'zoe' }),
          entry(0, 3, { user: 'bob', session: 's1' }),
          entry(0, 4, { user: 'bob', backend: 'b2' }),
          entry(0, 1, { user: 'ann', instance: 'lab-b' }),
        ]),
      );
      const sum = (charged: number, entries: number) => ({ charged: seconds(charged), entries });
      const [zoe, bob, ann] = [{ user: 'zoe' }, { user: 'bob' }, { user: 'ann' }];
      expect(await read.ledgerSums({}, ['user', 'user'])).toEqual({
        ...sum(9, 4),
        groups: [
          { ...bob, ...sum(7, 2) },
          { ...ann, ...sum(1, 1) },
          { ...zoe, ...sum(1, 1) },
        ],
        groupsLeftOff: 0,
      });
      expect(await read.ledgerSums({ instance: 'lab-a' }, ['backend', 'session'])).toEqual({
        ...sum(8, 3),
        groups: [
          { backend: 'b2', session: null, ...sum(4, 1) },
          { backend: 'b1', session: 's1', ...sum(3, 1) },
          { backend: 'b1', session: null, ...sum(1, 1) },
        ],
        groupsLeftOff: 0,
      });
    });

    it('clips entries to the requested period', async () => {
      const { read, write } = await given();
      await write((tx) => tx.ledger.append([entry(0, 10), entry(4, 6), entry(8, 20), entry(20, 30)]));
      const inside = await read.ledgerSums({ from: after(5), to: after(20) }, ['instance']);
      expect(inside).toMatchObject({ charged: seconds(5 + 1 + 12), entries: 3 });
      expect(inside.groups).toEqual([{ instance: 'lab-a', charged: seconds(18), entries: 3 }]);
      expect(await read.ledgerSums({ from: after(25) }, [])).toMatchObject({
        charged: seconds(5),
        entries: 1,
      });
    });

    it('returns the thousand largest groups and the number of the others', async () => {
      const { read, write } = await given();
      const many = Array.from({ length: 1003 }, (_, n) => entry(0, n + 1, { session: `s${n + 1}` }));
      await write((tx) => tx.ledger.append(many));
      const { groups, groupsLeftOff, entries } = await read.ledgerSums({}, ['session']);
      expect([groups.length, groupsLeftOff, entries]).toEqual([1000, 3, 1003]);
      expect([groups[0]?.session, groups.at(-1)?.session]).toEqual(['s1003', 's4']);
    });
  },
};
