import { expect, it } from '@jest/globals';
import type { Session } from '../../src/kernel/session/session.js';
import type { Tx } from '../../src/scheduler/ports.js';
import { after, givenSession, t0 } from '../support/given.js';
import { keepSession } from '../support/stored.js';
import { fullSession } from './given.js';
import type { Given, SuiteOf } from './methods.js';

const keepAll = ({ write }: Given, ...sessions: Session[]) =>
  write(async (tx) => {
    for (const session of sessions) await keepSession(tx, session);
  });
const ids = (sessions: readonly Session[]) => sessions.map(({ id }) => id);

export const sessionsSuite: SuiteOf<Tx['sessions']> = {
  find(given) {
    it('returns null if there is none', async () => {
      const { write } = await given();
      expect(await write((tx) => tx.sessions.find('nobody'))).toBeNull();
    });

    it('sees the changes of its own transaction', async () => {
      const { write } = await given();
      const session = givenSession();
      const found = await write(async (tx) => {
        await keepSession(tx, session);
        return tx.sessions.find('s1');
      });
      expect(found).toEqual(session);
    });

    it('finds the one with this id', async () => {
      const all = await given();
      await keepAll(all, givenSession({ id: 's1' }), givenSession({ id: 's2', user: 'bob' }));
      expect(await all.write((tx) => tx.sessions.find('s2'))).toMatchObject({ id: 's2', user: 'bob' });
    });
  },

  insert(given) {
    it('stores every member, and nulls', async () => {
      const { read, write } = await given();
      const fresh = givenSession({ id: 'fresh', queuedJobs: 1 });
      await write(async (tx) => {
        await tx.sessions.insert(fullSession, null);
        await tx.sessions.insert(fresh, null);
      });
      expect(await read.session('full')).toEqual(fullSession);
      expect(await read.session('fresh')).toEqual(fresh);
    });

    it('stores its deadline if given', async () => {
      const { write } = await given();
      await write(async ({ sessions }) => {
        await sessions.insert(givenSession({ id: 's1' }), { at: after(5), kind: 'max_ttl' });
        await sessions.insert(givenSession({ id: 's2' }), null);
      });
      const due = { kind: 'max_ttl', at: after(5), subject: 'session', id: 's1' };
      expect(await write((tx) => tx.firstDeadline(after(5)))).toEqual(due);
    });

    it('refuses an existing id', async () => {
      const all = await given();
      await keepAll(all, givenSession({ user: 'alice' }));
      await expect(keepAll(all, givenSession({ user: 'bob' }))).rejects.toThrow();
      expect(await all.read.session('s1')).toMatchObject({ user: 'alice' });
    });
  },

  save(given) {
    it('changes every member of this session and of no other', async () => {
      const all = await given();
      const other = givenSession({ id: 'other' });
      await keepAll(all, givenSession({ id: 'full' }), other);
      await all.write((tx) => tx.sessions.save(fullSession, null));
      expect(await all.read.session('full')).toEqual(fullSession);
      expect(await all.read.session('other')).toEqual(other);
      const empty = givenSession({ id: 'full' });
      await all.write((tx) => tx.sessions.save(empty, null));
      expect(await all.read.session('full')).toEqual(empty);
    });

    it('sets and clears its deadline', async () => {
      const { write } = await given();
      const session = givenSession();
      await write((tx) => tx.sessions.insert(session, { at: after(5), kind: 'max_ttl' }));
      await write((tx) => tx.sessions.save(session, { at: after(9), kind: 'unused_ttl' }));
      expect(await write((tx) => tx.firstDeadline(after(8)))).toBeNull();
      expect(await write((tx) => tx.firstDeadline(after(9)))).toMatchObject({
        kind: 'unused_ttl',
        at: after(9),
      });
      await write((tx) => tx.sessions.save(session, null));
      expect(await write((tx) => tx.nextDeadlineAt())).toBeNull();
    });
  },

  nextActivation(given) {
    it('is 1 if no session was ever active', async () => {
      const all = await given();
      await keepAll(all, givenSession());
      expect(await all.write((tx) => tx.sessions.nextActivation())).toBe(1);
    });

    it('is one more than that of any session, even a closed one', async () => {
      const all = await given();
      const activation = (id: string, n: number) => givenSession({ id, state: 'inactive', activation: n });
      await keepAll(all, activation('s1', 3), { ...activation('s2', 12), state: 'closed' });
      await keepAll(all, activation('s3', 7), givenSession({ id: 's4' }));
      expect(await all.write((tx) => tx.sessions.nextActivation())).toBe(13);
    });
  },

  holding(given) {
    it('returns those with a slot on any backend, even closed ones, by id', async () => {
      const all = await given();
      await keepAll(
        all,
        givenSession({ id: 's3', state: 'active', slot: 1 }),
        givenSession({ id: 's2', state: 'closed', runningJobs: 1, instance: 'lab-b' }),
        givenSession({ id: 's1', state: 'active', backend: 'b2', slot: 0 }),
        givenSession({ id: 's0' }),
        givenSession({ id: 's4', state: 'active', mode: 'batch' }),
      );
      const found = await all.write((tx) => tx.sessions.holding());
      expect(ids(found)).toEqual(['s1', 's2', 's3']);
      expect(found[1]).toEqual(await all.read.session('s2'));
    });
  },

  notClosedOf(given) {
    it("returns the instance's sessions that are not closed, oldest first, then by id", async () => {
      const all = await given();
      await keepAll(
        all,
        givenSession({ id: 's1', createdAt: t0 + 2 }),
        givenSession({ id: 's4', createdAt: t0 + 1, state: 'active' }),
        givenSession({ id: 's3', createdAt: t0 + 1, state: 'inactive', backend: 'b2' }),
        givenSession({ id: 's2', createdAt: t0, state: 'closed' }),
        givenSession({ id: 's5', createdAt: t0, instance: 'lab-b' }),
      );
      expect(ids(await all.write((tx) => tx.sessions.notClosedOf('lab-a')))).toEqual(['s3', 's4', 's1']);
      expect(await all.write((tx) => tx.sessions.notClosedOf('lab-c'))).toEqual([]);
    });
  },
};
