import { expect, it } from '@jest/globals';
import type { LivyTx } from '../../src/dialects/livy/storage/ports.js';
import { isBatchShown, isSessionShown, isRetentionOver } from '../../src/dialects/livy/storage/retention.js';
import { after } from '../support/given.js';
import {
  closed,
  ended,
  entry,
  keepBatches,
  keepSessions,
  keepStatements,
  manyBatches,
  manySessions,
  reads,
  write,
} from './livy-given.js';
import type { SuiteOf } from './methods.js';

export const livyTxSuite: SuiteOf<LivyTx> = {
  nextNumber(given) {
    it('counts up from 0, separately for each type', async () => {
      const all = await given();
      const next = (type: 'session' | 'batch') => write(all, (livy) => livy.nextNumber(type));
      expect([await next('session'), await next('session'), await next('batch')]).toEqual([0, 1, 0]);
      expect([await next('session'), await next('batch')]).toEqual([2, 1]);
    });
  },

  insert(given) {
    it('stores every member, and refuses an existing number', async () => {
      const all = await given();
      await keepSessions(all, {});
      const whole = entry({
        number: 7,
        subject: 's0x',
        job: 'j',
        instance: 'lab-b',
        name: 'n',
        request: { a: [1] },
      });
      await write(all, (livy) => livy.insert(whole));
      expect(await write(all, (livy) => livy.bySubject('session', 's0x'))).toEqual({
        ...whole,
        removedAt: null,
      });
      await expect(write(all, (livy) => livy.insert({ ...whole, subject: 'other' }))).rejects.toThrow();
    });
  },

  findByName(given) {
    it('finds the entry by name, type and instance', async () => {
      const all = await given();
      await keepSessions(all, { name: 'x' }, { name: 'y' }, { name: 'x', instance: 'lab-b' });
      await keepBatches(all, { name: 'z' });
      const named = async (name: string, type: 'session' | 'batch' = 'session') =>
        (await write(all, (livy) => livy.findByName(type, name, 'lab-a', 0)))?.subject ?? null;
      expect([await named('x'), await named('y'), await named('z')]).toEqual(['s0', 's1', null]);
      expect([await named('z', 'batch'), await named('x', 'batch')]).toEqual(['b0', null]);
    });

    it('ignores entries that are removed, that ended before, or that are hidden once closed', async () => {
      const all = await given();
      await keepSessions(
        all,
        { ...closed, name: 'x' },
        { ...closed, name: 'gone', closeCode: 'closed_by_user' },
      );
      await keepBatches(all, { ...ended, name: 'x' }, { name: 'runs', state: 'running' });
      const named = async (type: 'session' | 'batch', name: string, endedAfter: number) =>
        (await write(all, (livy) => livy.findByName(type, name, 'lab-a', endedAfter))) !== null;
      expect([await named('session', 'x', after(10) - 1), await named('session', 'x', after(10))]).toEqual([
        true,
        false,
      ]);
      expect([await named('batch', 'x', after(10) - 1), await named('batch', 'x', after(10))]).toEqual([
        true,
        false,
      ]);
      expect([await named('session', 'gone', 0), await named('batch', 'runs', after(99))]).toEqual([
        false,
        true,
      ]);
      await write(all, (livy) => livy.remove('batch', 1, after(1)));
      expect(await named('batch', 'runs', 0)).toBe(false);
    });

    it('finds entries that the rule of retention shows', async () => {
      const all = await given();
      await keepSessions(all, ...manySessions);
      await keepBatches(all, ...manyBatches);
      const found = (type: 'session' | 'batch', name: string, endedAfter: number) =>
        write(all, async (livy) => (await livy.findByName(type, name, 'lab-a', endedAfter)) !== null);
      for (const [n, { name }] of manySessions.entries()) {
        const session = (await reads(all).session(n, undefined))?.session;
        const isShown = session !== undefined && isSessionShown(session, closed.closedAt);
        expect([name, await found('session', name, closed.closedAt)]).toEqual([name, isShown]);
      }
      for (const [n, { name }] of manyBatches.entries()) {
        const job = (await reads(all).batch(n, undefined))?.run;
        const isShown = job !== undefined && isBatchShown(job, ended.endedAt);
        expect([name, await found('batch', name, ended.endedAt)]).toEqual([name, isShown]);
      }
    });
  },

  remove(given) {
    it('marks this entry, and removes the texts of a session’s statements', async () => {
      const all = await given();
      await keepSessions(all, {}, {});
      await keepBatches(all, {});
      for (const session of [0, 1]) await keepStatements(all, session, 'code');
      await all.write((tx) => tx.jobs.saveResult('0-0', 'output'));
      await write(all, (livy) => livy.remove('session', 0, after(5)));
      expect((await reads(all).session(0, undefined))?.removedAt).toBe(after(5));
      expect((await reads(all).session(1, undefined))?.removedAt).toBeNull();
      expect((await reads(all).batch(0, undefined))?.removedAt).toBeNull();
      expect([await all.read.params('0-0'), await all.read.result('0-0')]).toEqual([null, null]);
      expect([await all.read.params('1-0'), await all.read.params('b0')]).toEqual(['code', '{}']);
    });
  },

  sweep(given) {
    it('removes sessions that ended before, and none that is open or ended later', async () => {
      const all = await given();
      await keepSessions(
        all,
        closed,
        { ...closed, closedAt: after(10) + 1 },
        {},
        { ...closed, closeCode: 'max_ttl' },
      );
      await keepBatches(all, ended);
      await write(all, (livy) => livy.sweep(after(10), after(20)));
      const removed = [0, 1, 2, 3].map(async (n) => (await reads(all).session(n, undefined))?.removedAt);
      expect(await Promise.all(removed)).toEqual([after(20), null, null, after(20)]);
      expect((await reads(all).batch(0, undefined))?.removedAt).toBeNull();
    });

    it('removes closed sessions whose retention is over, whatever closed them', async () => {
      const all = await given();
      await keepSessions(all, ...manySessions);
      // Each sweep removes only a few.
      for (let i = 0; i < 9; i += 1) await write(all, (livy) => livy.sweep(closed.closedAt, after(20)));
      for (const n of manySessions.keys()) {
        const entry = await reads(all).session(n, undefined);
        const { state = 'open', closedAt = null } = entry?.session ?? {};
        const isOver = state === 'closed' && isRetentionOver(closedAt, closed.closedAt);
        expect([n, entry?.removedAt]).toEqual([n, isOver ? after(20) : null]);
      }
    });
  },

  bySubject(given) {
    it('returns the entry of a session or of a job, by its type, or null', async () => {
      const all = await given();
      await keepSessions(all, {}, {});
      const of = async (type: 'session' | 'batch', subject: string) =>
        (await write(all, (livy) => livy.bySubject(type, subject)))?.number ?? null;
      expect([await of('session', 's1'), await of('batch', 's1'), await of('session', 's9')]).toEqual([
        1,
        null,
        null,
      ]);
    });
  },

  nextStatement(given) {
    it("is one more than the session's last one, and 0 before the first", async () => {
      const all = await given();
      await keepSessions(all, {}, {});
      await keepStatements(all, 1, 'a', 'b', 'c');
      const next = (session: number) => write(all, (livy) => livy.nextStatement(session));
      expect([await next(0), await next(1)]).toEqual([0, 3]);
    });
  },

  addStatement(given) {
    it('gives a number of a session to one job, and a job to one number', async () => {
      const all = await given();
      const add = (session: number, number: number, job: string) =>
        write(all, (livy) => livy.addStatement(session, number, job));
      await add(0, 0, 'a');
      await add(1, 0, 'b');
      await expect(add(0, 0, 'c')).rejects.toThrow();
      await expect(add(0, 1, 'a')).rejects.toThrow();
    });
  },

  statementOf(given) {
    it("is the number of a job's statement, or null", async () => {
      const all = await given();
      await keepStatements(all, 0, 'a', 'b');
      const of = (job: string) => write(all, (livy) => livy.statementOf(job));
      expect([await of('0-0'), await of('0-1'), await of('0-2')]).toEqual([0, 1, null]);
    });
  },
};
