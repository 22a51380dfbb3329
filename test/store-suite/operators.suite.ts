import { expect, it } from '@jest/globals';
import { seconds } from '../../src/kernel/time.js';
import type { Instance, Token, Tx } from '../../src/scheduler/ports.js';
import { after, givenJob, givenSession, t0 } from '../support/given.js';
import { givenInstance, keepJob, keepSession } from '../support/stored.js';
import { entry, window } from './given.js';
import type { Given, SuiteOf } from './methods.js';

const fullInstance: Instance = {
  ...{ id: 'full', name: 'Lab “F”', crn: 'crn:v1:full', shares: 2.5, budget: seconds(7) },
  plan: {
    ...{ interactiveTtl: 1001, activeTtl: 1002, maxTtl: 1003, heartbeatTtl: 1004 },
    ...{ modes: ['batch'], maxExecutionTime: 1005, maxPendingJobs: 6 },
  },
  ...{ sharing: 'private', createdAt: t0 + 1 },
};

export const instancesSuite: SuiteOf<Tx['instances']> = {
  find(given) {
    it('returns the instance by its id, or null', async () => {
      const { write } = await given();
      expect(await write((tx) => tx.instances.find('lab-b'))).toEqual(givenInstance({ id: 'lab-b' }));
      expect(await write((tx) => tx.instances.find('Lab'))).toBeNull();
    });
  },

  findByName(given) {
    it('returns the instance by its name, not by its id, or null', async () => {
      const { write } = await given();
      await write((tx) => tx.instances.insert(fullInstance));
      const byName = (name: string) => write((tx) => tx.instances.findByName(name));
      expect(await byName('Lab “F”')).toEqual(fullInstance);
      expect(await byName('full')).toBeNull();
    });
  },

  insert(given) {
    it('stores every member', async () => {
      const { read, write } = await given();
      await write((tx) => tx.instances.insert(fullInstance));
      expect(await read.instance('full')).toEqual(fullInstance);
    });

    it('refuses an existing id, name and CRN', async () => {
      const { write } = await given();
      const insert = (overrides: Partial<Instance>) =>
        write((tx) => tx.instances.insert({ ...fullInstance, ...overrides }));
      await expect(insert({ id: 'lab-a' })).rejects.toThrow();
      await expect(insert({ name: 'lab-a' })).rejects.toThrow();
      await expect(insert({ crn: 'crn:lab-a' })).rejects.toThrow();
      await insert({});
    });
  },

  save(given) {
    it('changes shares, budget, plan and sharing of this instance, but not its charge', async () => {
      const { read, write } = await given();
      await write((tx) => tx.ledger.append([entry(0, 5)]));
      const { shares, budget, plan, sharing } = fullInstance;
      const changed = givenInstance({ shares, budget, plan, sharing });
      await write((tx) => tx.instances.save(changed));
      expect(await read.instance('lab-a')).toEqual(changed);
      expect(await read.instance('lab-b')).toEqual(givenInstance({ id: 'lab-b' }));
      expect(await read.charged('lab-a', 0, after(9))).toBe(seconds(5));
    });
  },

  budget(given) {
    const at = after(2000);
    const ask = ({ write }: Given, id = 'lab-a') => write((tx) => tx.instances.budget(id, at, window));
    const withBudget = async (all: Given) => {
      await all.write((tx) => tx.instances.save(givenInstance({ budget: seconds(50) })));
      return all;
    };

    it('is null without a budget, and for an unknown instance', async () => {
      const all = await given();
      expect([await ask(all), await ask(all, 'nobody')]).toEqual([null, null]);
    });

    it('has no charge and no release without ledger entries', async () => {
      const all = await withBudget(await given());
      expect(await ask(all)).toEqual({ budget: seconds(50), charged: 0, rate: 0, releasedAt: null });
    });

    it('sums entries that ended within the window, and returns when the first one leaves it', async () => {
      const all = await withBudget(await given());
      const other = entry(1500, 1900, { instance: 'lab-b' });
      await all.write((tx) =>
        tx.ledger.append([entry(900, 1000), entry(990, 1001), entry(1100, 1105), other]),
      );
      expect(await ask(all)).toMatchObject({ charged: seconds(16), releasedAt: after(1001) + window });
    });

    it('adds what accrues now for lone jobs, batch jobs and holds, on all backends', async () => {
      const all = await withBudget(await given());
      await all.write(async (tx) => {
        const started = { state: 'running', startedAt: after(1990) } as const;
        await keepJob(tx, givenJob({ id: 'a', ...started }));
        await keepJob(tx, givenJob({ id: 'b', ...started, mode: 'batch', session: 's1', backend: 'b2' }));
        await keepJob(tx, givenJob({ id: 'c', ...started, mode: 'dedicated', session: 's2' }));
        await keepJob(tx, givenJob({ id: 'd', ...started, instance: 'lab-b' }));
        await keepJob(tx, givenJob({ id: 'e' }));
        await keepSession(tx, givenSession({ id: 's2', state: 'active', heldSince: after(1997) }));
        await keepSession(tx, givenSession({ id: 's3', state: 'active', slot: 1, heldSince: null }));
        await keepSession(tx, givenSession({ id: 's4', state: 'inactive' }));
      });
      expect(await ask(all)).toMatchObject({ rate: 3, charged: seconds(10 + 10 + 3), releasedAt: null });
    });
  },

  roomAt(given) {
    const at = after(100);
    const roomAt = async (all: Given, budget: number, charged = 60) => {
      const view = { budget: seconds(budget), charged: seconds(charged), rate: 0, releasedAt: null };
      return all.write((tx) => tx.instances.roomAt('lab-a', view, at, window));
    };
    const given60 = async () => {
      const all = await given();
      const other = entry(0, 20, { instance: 'lab-b' });
      await all.write((tx) => tx.ledger.append([entry(0, 10), entry(10, 30), other, entry(30, 60)]));
      return all;
    };

    it('is when so many charges have left the window that the rest is below the budget', async () => {
      const all = await given60();
      expect(await roomAt(all, 51)).toBe(after(10) + window);
      // Without the first entry the charge still equals the budget exactly.
      expect(await roomAt(all, 50)).toBe(after(30) + window);
      expect(await roomAt(all, 30)).toBe(after(60) + window);
    });

    it('is null for a budget of zero, and if what accrues now exceeds it already', async () => {
      const all = await given60();
      expect(await roomAt(all, 0)).toBeNull();
      expect(await roomAt(all, 50, 110)).toBeNull();
    });
  },

  saveBudgetDeadline(given) {
    it('sets and clears when the budget of this instance is checked', async () => {
      const { write } = await given();
      const save = (at: number | null) => write((tx) => tx.instances.saveBudgetDeadline('lab-a', at));
      await save(after(5));
      expect(await write((tx) => tx.firstDeadline(after(4)))).toBeNull();
      const due = { subject: 'instance', kind: 'budget', id: 'lab-a', at: after(5) };
      expect(await write((tx) => tx.firstDeadline(after(5)))).toEqual(due);
      await save(null);
      expect(await write((tx) => tx.nextDeadlineAt())).toBeNull();
    });
  },
};

export const givenToken = (overrides: Partial<Token> = {}): Token => ({
  ...{ id: 't1', hash: 'h1', user: 'alice', role: 'user', instance: 'lab-a' },
  ...{ createdAt: t0, expiresAt: null, revokedAt: null },
  ...overrides,
});

export const tokensSuite: SuiteOf<Tx['tokens']> = {
  find(given) {
    it('returns the token by its id, or null', async () => {
      const { write } = await given();
      for (const n of [1, 2])
        await write((tx) => tx.tokens.insert(givenToken({ id: `t${n}`, hash: `h${n}` })));
      expect(await write((tx) => tx.tokens.find('t2'))).toEqual(givenToken({ id: 't2', hash: 'h2' }));
      expect(await write((tx) => tx.tokens.find('h2'))).toBeNull();
    });
  },

  insert(given) {
    it('stores every member', async () => {
      const { read, write } = await given();
      const token = givenToken({ role: 'admin', expiresAt: t0 + 1, revokedAt: t0 + 2 });
      await write((tx) => tx.tokens.insert(token));
      expect(await read.token('t1')).toEqual(token);
    });

    it('refuses an existing id and hash', async () => {
      const { write } = await given();
      await write((tx) => tx.tokens.insert(givenToken()));
      await expect(write((tx) => tx.tokens.insert(givenToken({ hash: 'h2' })))).rejects.toThrow();
      await expect(write((tx) => tx.tokens.insert(givenToken({ id: 't2' })))).rejects.toThrow();
    });
  },

  revoke(given) {
    it('keeps its first time, and changes no other token', async () => {
      const { read, write } = await given();
      for (const n of [1, 2])
        await write((tx) => tx.tokens.insert(givenToken({ id: `t${n}`, hash: `h${n}` })));
      for (const at of [after(1), after(2)]) await write((tx) => tx.tokens.revoke('t1', at));
      expect((await read.token('t1'))?.revokedAt).toBe(after(1));
      expect((await read.token('t2'))?.revokedAt).toBeNull();
    });
  },
};
