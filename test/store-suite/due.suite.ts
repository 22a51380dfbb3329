import { expect, it } from '@jest/globals';
import { deadlineRank } from '../../src/kernel/session/session.deadline.js';
import type { DueDeadline, Tx } from '../../src/scheduler/ports.js';
import { after, givenJob, givenSession, t0 } from '../support/given.js';
import { givenDetails, givenInstance } from '../support/stored.js';
import { entry } from './given.js';
import type { Given, SuiteOf } from './methods.js';

type Kind = keyof typeof deadlineRank;

/** Stores a session, a job or a budget with a deadline. */
async function keepDue(tx: Tx, id: string, kind: Kind, at: number, createdAt = t0): Promise<void> {
  if (kind === 'budget') {
    await tx.instances.insert(givenInstance({ id }));
    await tx.instances.saveBudgetDeadline(id, at);
  } else if (kind === 'job_limit' || kind === 'job_end' || kind === 'kill') {
    const job = await tx.jobs.insert({ ...givenJob({ id }), details: givenDetails() }, '{}');
    await tx.jobs.save(job, { at, kind });
  } else {
    await tx.sessions.insert(givenSession({ id, createdAt }), { at, kind: kind });
  }
}

/** Returns all deadlines up to `at` in the order in which they are found, and disarms each. */
async function drain({ write }: Given, at: number): Promise<DueDeadline[]> {
  const found: DueDeadline[] = [];
  for (let due: DueDeadline | null; found.length < 20;) {
    due = await write((tx) => tx.firstDeadline(at));
    if (due === null) break;
    found.push(due);
    await write((tx) => tx.disarmDeadline(due as DueDeadline));
  }
  return found;
}

export const dueSuite: SuiteOf<
  Pick<Tx, 'firstDeadline' | 'inSavepoint' | 'disarmDeadline' | 'nextDeadlineAt'>
> = {
  firstDeadline(given) {
    it('is null before a deadline, and finds it from its moment on', async () => {
      const { write } = await given();
      for (const kind of ['max_ttl', 'kill', 'budget'] as const) {
        await write((tx) => keepDue(tx, kind, kind, after(5)));
        expect(await write((tx) => tx.firstDeadline(after(5) - 1))).toBeNull();
        const due = await write((tx) => tx.firstDeadline(after(5)));
        expect(due).toMatchObject({ kind, id: kind, at: after(5) });
        await write((tx) => tx.disarmDeadline(due as DueDeadline));
      }
    });

    it('finds the earliest, whatever its kind', async () => {
      const all = await given();
      await all.write(async (tx) => {
        await keepDue(tx, 'third', 'max_ttl', after(3));
        await keepDue(tx, 'second', 'job_limit', after(2));
        await keepDue(tx, 'first', 'heartbeat_ttl', after(1));
        await keepDue(tx, 'fourth', 'job_end', after(4));
        await keepDue(tx, 'zeroth', 'budget', after(0));
      });
      const order = (await drain(all, after(9))).map(({ id }) => id);
      expect(order).toEqual(['zeroth', 'first', 'second', 'third', 'fourth']);
    });

    it('goes by rank at the same moment', async () => {
      const all = await given();
      const kinds = Object.keys(deadlineRank) as Kind[];
      await all.write(async (tx) => {
        for (const kind of [...kinds].reverse()) await keepDue(tx, kind, kind, after(1));
      });
      const ranked = kinds.sort((a, b) => deadlineRank[a] - deadlineRank[b]);
      expect((await drain(all, after(1))).map(({ kind }) => kind)).toEqual(ranked);
    });

    it('breaks ties by age: sessions by creation and id, jobs by submission, budgets by id', async () => {
      const all = await given();
      await all.write(async (tx) => {
        await keepDue(tx, 's-a', 'max_ttl', after(1), t0 + 1);
        await keepDue(tx, 's-c', 'max_ttl', after(1));
        await keepDue(tx, 's-b', 'max_ttl', after(1));
        await keepDue(tx, 'i-b', 'budget', after(1));
        await keepDue(tx, 'i-a', 'budget', after(1));
        await keepDue(tx, 'j-z', 'kill', after(1));
        await keepDue(tx, 'j-a', 'kill', after(1));
      });
      const order = (await drain(all, after(1))).map(({ id }) => id);
      expect(order).toEqual(['s-b', 's-c', 's-a', 'i-a', 'i-b', 'j-z', 'j-a']);
    });

    it('returns the kind and the subject', async () => {
      const all = await given();
      await all.write(async (tx) => {
        await keepDue(tx, 's1', 'max_ttl', after(1));
        await keepDue(tx, 'lab-c', 'budget', after(2));
        await keepDue(tx, 'j1', 'kill', after(3));
      });
      expect(await drain(all, after(9))).toEqual([
        { subject: 'session', kind: 'max_ttl', id: 's1', at: after(1) },
        { subject: 'instance', kind: 'budget', id: 'lab-c', at: after(2) },
        { subject: 'job', kind: 'kill', id: 'j1', at: after(3) },
      ]);
    });
  },

  inSavepoint(given) {
    it('returns the result of the work, and keeps its changes', async () => {
      const { read, write } = await given();
      const answer = await write((tx) =>
        tx.inSavepoint(async () => {
          await tx.ledger.append([entry(0, 1)]);
          return 'done';
        }),
      );
      expect(answer).toBe('done');
      expect(await read.ledger({})).toHaveLength(1);
    });

    it('rolls back work that throws, and the transaction continues', async () => {
      const { read, write } = await given();
      await write(async (tx) => {
        await tx.ledger.append([entry(0, 1)]);
        const failed = tx.inSavepoint(async () => {
          await tx.ledger.append([entry(1, 2)]);
          throw new Error('not like this');
        });
        await expect(failed).rejects.toThrow('not like this');
        await tx.ledger.append([entry(2, 3)]);
      });
      expect((await read.ledger({})).map(({ from }) => from)).toEqual([t0, after(2)]);
    });

    it('is rolled back with the transaction', async () => {
      const { read, write } = await given();
      const failed = write(async (tx) => {
        await tx.inSavepoint(() => tx.ledger.append([entry(0, 1)]));
        throw new Error('all of it');
      });
      await expect(failed).rejects.toThrow('all of it');
      expect(await read.ledger({})).toEqual([]);
    });
  },

  disarmDeadline(given) {
    it('clears this deadline and no other, until the row is saved again', async () => {
      const { write } = await given();
      await write(async (tx) => {
        await keepDue(tx, 's1', 'max_ttl', after(1));
        await keepDue(tx, 's2', 'max_ttl', after(2));
      });
      await write((tx) => tx.disarmDeadline({ subject: 'session', kind: 'max_ttl', id: 's1', at: after(1) }));
      expect(await write((tx) => tx.firstDeadline(after(9)))).toMatchObject({ id: 's2' });
      await write((tx) => tx.sessions.save(givenSession({ id: 's1' }), { at: after(1), kind: 'max_ttl' }));
      expect(await write((tx) => tx.firstDeadline(after(9)))).toMatchObject({ id: 's1' });
    });
  },

  nextDeadlineAt(given) {
    it('is the earliest of all, however far away', async () => {
      const { write } = await given();
      expect(await write((tx) => tx.nextDeadlineAt())).toBeNull();
      const far = after(1_000_000_000);
      await write((tx) => keepDue(tx, 'lab-c', 'budget', far));
      expect(await write((tx) => tx.nextDeadlineAt())).toBe(far);
      await write((tx) => keepDue(tx, 's1', 'max_ttl', far - 1));
      expect(await write((tx) => tx.nextDeadlineAt())).toBe(far - 1);
      await write((tx) => keepDue(tx, 'j1', 'kill', far - 2));
      expect(await write((tx) => tx.nextDeadlineAt())).toBe(far - 2);
    });
  },
};
