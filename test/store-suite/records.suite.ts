import { expect, it } from '@jest/globals';
import { seconds } from '../../src/kernel/time.js';
import { factOf, type EventRecord, type Receipt, type Tx } from '../../src/scheduler/ports.js';
import { after, givenJob, t0 } from '../support/given.js';
import { keepJob } from '../support/stored.js';
import { entry, keepLone, keepQueue, without } from './given.js';
import type { SuiteOf } from './methods.js';

const receipt = (overrides: Partial<Receipt> = {}): Receipt => ({
  ...{ key: 'k', subject: 'j1', hash: null, at: t0 },
  ...overrides,
});

export const receiptsSuite: SuiteOf<Tx['receipts']> = {
  find(given) {
    it('returns the receipts of this key from a moment on, oldest first', async () => {
      const { write } = await given();
      await write(async ({ receipts }) => {
        for (const [subject, s] of [
          ['late', 9],
          ['old', 1],
          ['b', 5],
          ['a', 5],
        ] as const)
          await receipts.insert(receipt({ subject, at: after(s) }));
        await receipts.insert(receipt({ key: 'other', subject: 'x', at: after(6) }));
      });
      const found = await write((tx) => tx.receipts.find('k', after(5)));
      expect(found.map(({ subject }) => subject)).toEqual(['a', 'b', 'late']);
      expect(await write((tx) => tx.receipts.find('none', 0))).toEqual([]);
    });
  },

  insert(given) {
    it('stores every member', async () => {
      const { write } = await given();
      const kept = [receipt({ hash: 'hash', at: after(1) }), receipt({ subject: 'j2', at: after(2) })];
      for (const each of kept) await write((tx) => tx.receipts.insert(each));
      expect(await write((tx) => tx.receipts.find('k', 0))).toEqual(kept);
    });
  },

  remove(given) {
    it('removes the receipts of these subjects', async () => {
      const { write } = await given();
      for (const subject of ['a', 'b', 'c']) await write((tx) => tx.receipts.insert(receipt({ subject })));
      await write((tx) => tx.receipts.remove([]));
      await write((tx) => tx.receipts.remove(['a', 'c', 'nobody']));
      expect(await write((tx) => tx.receipts.find('k', 0))).toEqual([receipt({ subject: 'b' })]);
    });
  },

  removeBefore(given) {
    it('removes those that are older, of every key', async () => {
      const { write } = await given();
      for (const [key, s] of [
        ['k', 4],
        ['k', 5],
        ['l', 4],
      ] as const)
        await write((tx) => tx.receipts.insert(receipt({ key, at: after(s) })));
      await write((tx) => tx.receipts.removeBefore(after(5)));
      expect(await write((tx) => tx.receipts.find('k', 0))).toEqual([receipt({ at: after(5) })]);
      expect(await write((tx) => tx.receipts.find('l', 0))).toEqual([]);
    });
  },
};

export const givenEvent = (overrides: Partial<Omit<EventRecord, 'id'>> = {}): Omit<EventRecord, 'id'> => ({
  ...{ type: 'job.queued', at: t0, processedAt: t0 + 1, actor: 'user alice', cause: null },
  ...{ backend: null, instance: null, session: null, job: null },
  ...overrides,
});

export const eventsSuite: SuiteOf<Tx['events']> = {
  append(given) {
    it('stores every member and nulls, and numbers the events in order', async () => {
      const { read, write } = await given();
      const whole = givenEvent({
        ...{ type: 'session.draining', cause: 'because', backend: 'b1', instance: 'lab-a' },
        ...{ session: 's1', job: 'j1' },
      });
      await write((tx) => tx.events.append(whole));
      await write((tx) => tx.events.append(givenEvent()));
      const [first, second] = await read.events({ after: 0, limit: 9 });
      expect(first).toEqual({ ...whole, id: first?.id });
      expect(second).toEqual({ ...givenEvent(), id: second?.id });
      expect(second?.id).toBeGreaterThan(first?.id ?? 0);
    });
  },

  appendForQueuedOf(given) {
    it('stores one event for each queued job of the session, in submission order', async () => {
      const { read, write } = await given();
      await write(async (tx) => {
        await keepJob(tx, givenJob({ id: 'r', session: 's1', mode: 'batch', state: 'running' }));
        await keepLone(tx, { session: 's1', mode: 'batch' }, 'z', 'a');
        await keepQueue(tx, { id: 's2' }, 1);
        await keepLone(tx, {}, 'alone');
      });
      const about = { backend: 'b1', instance: 'lab-a', session: 's1' };
      const event = without(givenEvent({ type: 'job.cancelled', cause: 'closed', ...about }), 'job');
      await write((tx) => tx.events.appendForQueuedOf('s1', event));
      const found = await read.events({ after: 0, limit: 9 });
      expect(found.map(({ job }) => job)).toEqual(['z', 'a']);
      expect(found[0]).toEqual({ ...event, id: found[0]?.id, job: 'z' });
    });
  },
};

export const ledgerSuite: SuiteOf<Tx['ledger']> = {
  append: (given) => {
    it('stores every member, in order', async () => {
      const { read, write } = await given();
      const entries = [
        entry(0, 5),
        entry(1, 3, { kind: 'hold', backend: 'b2', slot: 4, user: 'bob', session: 's1', job: null }),
      ];
      await write((tx) => tx.ledger.append(entries));
      const found = await read.ledger({});
      expect(found).toEqual(entries.map((each, i) => ({ ...each, id: found[i]?.id })));
    });

    it("adds to each instance's charge its own entries", async () => {
      const { read, write } = await given();
      await write((tx) => tx.ledger.append([entry(0, 5), entry(0, 7, { instance: 'lab-b' })]));
      await write((tx) => tx.ledger.append([entry(5, 6)]));
      expect(await read.charged('lab-a', 0, after(9))).toBe(seconds(6));
      expect(await read.charged('lab-b', 0, after(9))).toBe(seconds(7));
      // The window leaves out earlier charges, entry by entry.
      expect(await read.charged('lab-a', after(5), after(9))).toBe(seconds(1));
    });
  },
};

export const factsSuite: SuiteOf<Tx['facts']> = {
  get(given) {
    it('returns null for a fact that is not set', async () => {
      const { write } = await given();
      expect(await write((tx) => tx.facts.get('bootstrap_token'))).toBeNull();
    });

    it('sees the changes of its own transaction', async () => {
      const { write } = await given();
      const found = await write(async ({ facts }) => {
        await facts.set('bootstrap_token', 'x');
        return facts.get('bootstrap_token');
      });
      expect(found).toBe('x');
    });
  },

  set(given) {
    it("stores the latest value of each fact, even of a dialect's", async () => {
      const { write, again } = await given();
      const keys = ['alive_at', 'bootstrap_token', factOf('livy', 'x')] as const;
      for (const n of [1, 2]) {
        await write(async ({ facts }) => {
          for (const key of keys) await facts.set(key, `${key} ${n}`);
        });
      }
      const values = await (
        await again()
      ).write(async ({ facts }) => {
        const found: (string | null)[] = [];
        for (const key of keys) found.push(await facts.get(key));
        return found;
      });
      expect(values).toEqual(['alive_at 2', 'bootstrap_token 2', 'livy_x 2']);
    });

    it('stores the later one of two that share a commit', async () => {
      const { write } = await given();
      await Promise.all(['1', '2'].map((value) => write((tx) => tx.facts.set('alive_at', value))));
      expect(await write((tx) => tx.facts.get('alive_at'))).toBe('2');
    });
  },

  remove(given) {
    it('removes this fact and no other', async () => {
      const { write } = await given();
      const keys = ['bootstrap_token', factOf('livy', 'x'), 'signing_key'] as const;
      await write(async ({ facts }) => {
        for (const key of keys) await facts.set(key, key);
        await facts.remove(keys[1]);
      });
      const left = await write(async ({ facts }) => {
        const found: (string | null)[] = [];
        for (const key of keys) found.push(await facts.get(key));
        return found;
      });
      expect(left).toEqual(['bootstrap_token', null, 'signing_key']);
    });
  },
};
