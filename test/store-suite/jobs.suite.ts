import { expect, it } from '@jest/globals';
import type { Job } from '../../src/kernel/job/job.js';
import type { JobRecord, Tx } from '../../src/scheduler/ports.js';
import { after, givenJob, givenSession, t0 } from '../support/given.js';
import { givenDetails, keepJob, keepSession } from '../support/stored.js';
import { fullJob, keepLone, keepQueue, without } from './given.js';
import type { Given, SuiteOf } from './methods.js';

const keepAll = ({ write }: Given, ...jobs: Job[]) =>
  write(async (tx) => {
    for (const job of jobs) await keepJob(tx, job);
  });
const ids = (jobs: readonly Job[]) => jobs.map(({ id }) => id);
/** A running job, in a session or alone. */
const running = (id: string, overrides: Partial<Job> = {}) =>
  givenJob({ id, state: 'running', ...overrides });
const record = (overrides: Partial<JobRecord> = {}) => ({
  ...givenJob(),
  details: givenDetails(),
  ...overrides,
});

export const jobsSuite: SuiteOf<Tx['jobs']> = {
  find(given) {
    it('returns null if there is none', async () => {
      const { write } = await given();
      expect(await write((tx) => tx.jobs.find('nobody'))).toBeNull();
    });

    it('sees the changes of its own transaction', async () => {
      const { write } = await given();
      const found = await write(async (tx) => {
        const job = await tx.jobs.insert(record(), '{}');
        return [job, await tx.jobs.find('j1')];
      });
      expect(found[1]).toEqual(found[0]);
    });

    it('finds the one with this id', async () => {
      const all = await given();
      await keepAll(all, givenJob({ id: 'j1' }), givenJob({ id: 'j2', program: 'estimator' }));
      expect(await all.write((tx) => tx.jobs.find('j2'))).toMatchObject({ id: 'j2', program: 'estimator' });
    });
  },

  insert(given) {
    it('numbers jobs in the order of their submission', async () => {
      const { write } = await given();
      const numbers: number[] = [];
      for (const id of ['c', 'a', 'b'])
        numbers.push((await write((tx) => tx.jobs.insert(record({ id }), ''))).seq);
      expect(numbers[0]).toBeLessThan(numbers[1] ?? 0);
      expect(numbers[1]).toBeLessThan(numbers[2] ?? 0);
    });

    it('returns the job with its submission number and without its details', async () => {
      const { write } = await given();
      const made = await write((tx) => tx.jobs.insert(record(), '{}'));
      expect(made).toEqual({ ...without(record(), 'details'), seq: made.seq });
    });

    it('stores details, params and tags, each tag once', async () => {
      const { read, write } = await given();
      const details = givenDetails({
        ...{ tags: ['x', 'y', 'x'], logLevel: 'debug', private: true, calibrationId: 'c' },
        ...{ runtime: 'r', cost: 1.5, ranWith: { qiskit: '2.0' } },
      });
      await write((tx) => tx.jobs.insert(record({ details }), '{"a": 1.0}'));
      expect((await read.job('j1'))?.details).toEqual(details);
      expect(await read.params('j1')).toBe('{"a": 1.0}');
      expect(await read.result('j1')).toBeNull();
      expect((await read.jobs({ tags: ['x'], limit: 9, offset: 0 })).total).toBe(1);
    });

    it('refuses an existing id, and stores nothing of the second job', async () => {
      const { read, write } = await given();
      await write((tx) => tx.jobs.insert(record(), 'first'));
      await expect(write((tx) => tx.jobs.insert(record(), 'second'))).rejects.toThrow();
      expect(await read.params('j1')).toBe('first');
    });
  },

  save(given) {
    it('changes every member of this job, not its details, and no other job', async () => {
      const { read, write } = await given();
      const details = givenDetails({ tags: ['x'] });
      const before = await write((tx) => tx.jobs.insert(record({ id: 'full', details }), '{}'));
      await write((tx) => tx.jobs.insert(record({ id: 'other' }), '{}'));
      const other = await read.job('other');
      const { seq } = before;
      await write((tx) => tx.jobs.save({ ...fullJob, seq }, null));
      expect(await read.job('full')).toEqual({ ...fullJob, seq, details });
      expect(await read.job('other')).toEqual(other);
      await write((tx) => tx.jobs.save(before, null));
      expect(await read.job('full')).toEqual({ ...before, details });
    });

    it('sets and clears its deadline', async () => {
      const { write } = await given();
      const job = await write((tx) => tx.jobs.insert(record(), '{}'));
      expect(await write((tx) => tx.nextDeadlineAt())).toBeNull();
      await write((tx) => tx.jobs.save(job, { at: after(5), kind: 'kill' }));
      const due = { kind: 'kill', at: after(5), subject: 'job', id: 'j1' };
      expect(await write((tx) => tx.firstDeadline(after(5)))).toEqual(due);
      await write((tx) => tx.jobs.save(job, null));
      expect(await write((tx) => tx.nextDeadlineAt())).toBeNull();
    });

    it('is visible to later reads, however often the job was read before', async () => {
      const { read, write } = await given();
      const job = await write((tx) => tx.jobs.insert(record(), '{}'));
      for (const reason of ['a', 'b']) {
        await read.job('j1');
        await write((tx) => tx.jobs.save({ ...job, reason }, null));
        expect((await read.job('j1'))?.reason).toBe(reason);
      }
    });
  },

  endQueuedOf(given) {
    const how = { state: 'cancelled', reason: 'closed', endCode: 'session_closed' } as const;
    it('ends the queued jobs of this session and returns their number', async () => {
      const all = await given();
      await all.write((tx) => keepQueue(tx, { id: 's1' }, 2));
      await all.read.job('s1-1');
      expect(await all.write((tx) => tx.jobs.endQueuedOf('s1', how, after(3)))).toBe(2);
      for (const id of ['s1-1', 's1-2'])
        expect(await all.read.job(id)).toMatchObject({ ...how, endedAt: after(3) });
      expect(await all.write((tx) => tx.jobs.endQueuedOf('s1', how, after(4)))).toBe(0);
    });

    it('does not change running and ended jobs, other sessions and lone jobs', async () => {
      const all = await given();
      await keepAll(
        all,
        running('r', { session: 's1', mode: 'batch' }),
        givenJob({ id: 'done', session: 's1', mode: 'batch', state: 'completed', endedAt: t0 }),
        givenJob({ id: 'other', session: 's2', mode: 'batch' }),
        givenJob({ id: 'alone' }),
      );
      const states = async () =>
        (await all.read.jobs({ limit: 9, offset: 0, oldestFirst: true })).items.map(({ state }) => state);
      const before = await states();
      expect(await all.write((tx) => tx.jobs.endQueuedOf('s1', how, after(3)))).toBe(0);
      expect(await states()).toEqual(before);
    });
  },

  countQueuedOf(given) {
    it('counts queued lone jobs and queued jobs of sessions, on all backends', async () => {
      const { write } = await given();
      const count = (instance: string) => write((tx) => tx.jobs.countQueuedOf(instance));
      expect(await count('lab-a')).toBe(0);
      await write(async (tx) => {
        await keepLone(tx, {}, 'a1', 'a2');
        await keepLone(tx, { backend: 'b2' }, 'a3');
      });
      expect(await count('lab-a')).toBe(3);
      await write((tx) => keepQueue(tx, { id: 's1' }, 2));
      expect(await count('lab-a')).toBe(5);
      await write((tx) => keepQueue(tx, { id: 's2', state: 'inactive', backend: 'b2' }, 1));
      expect(await count('lab-a')).toBe(6);
      await write((tx) => keepQueue(tx, { id: 's3', state: 'active', mode: 'batch' }, 3));
      expect(await count('lab-a')).toBe(9);
      await write((tx) => keepQueue(tx, { id: 's4', state: 'active', backend: 'b2' }, 4));
      expect(await count('lab-a')).toBe(13);
    });

    it('leaves out other instances, and running and ended jobs', async () => {
      const all = await given();
      await keepAll(all, running('r'), givenJob({ id: 'done', state: 'completed', endedAt: t0 }));
      await all.write(async (tx) => {
        await keepLone(tx, { instance: 'lab-b' }, 'other');
        await keepQueue(tx, { id: 's1', instance: 'lab-b' }, 1);
        await keepQueue(tx, { id: 's2', instance: 'lab-b', mode: 'batch', state: 'active' }, 1);
        await keepQueue(tx, { id: 's3', instance: 'lab-b', state: 'active' }, 1);
        await keepSession(tx, givenSession({ id: 's5', state: 'active', runningJobs: 2 }));
      });
      expect(await all.write((tx) => tx.jobs.countQueuedOf('lab-a'))).toBe(0);
      expect(await all.write((tx) => tx.jobs.countQueuedOf('lab-b'))).toBe(4);
    });
  },

  headOf(given) {
    it("is the lowest submission number among the session's queued jobs", async () => {
      const { write } = await given();
      const session = { session: 's1', mode: 'batch' } as const;
      const [, first, second] = await write(async (tx) => [
        await keepJob(tx, running('r', session)),
        ...(await keepLone(tx, session, 'a', 'b')),
        ...(await keepLone(tx, { ...session, session: 's2' }, 'c')),
      ]);
      const head = () => write((tx) => tx.jobs.headOf('s1'));
      expect(await head()).toBe(first);
      await write(async (tx) => {
        await tx.jobs.save({ ...givenJob({ id: 'a', ...session, state: 'running' }) }, null);
      });
      expect(await head()).toBe(second);
      await write((tx) => tx.jobs.remove('b'));
      expect(await head()).toBeNull();
    });
  },

  runningOf(given) {
    it('returns the running jobs of this session, in submission order', async () => {
      const all = await given();
      const session = { session: 's1', mode: 'batch' } as const;
      await keepAll(
        all,
        running('z', { ...session, script: { duration: 5, outcome: 'completed' } }),
        running('a', { ...session, slot: 1 }),
        givenJob({ id: 'queued', ...session }),
        givenJob({ id: 'done', ...session, state: 'failed', endedAt: t0 }),
        running('other', { ...session, session: 's2' }),
        running('alone'),
      );
      expect(ids(await all.write((tx) => tx.jobs.runningOf('s1')))).toEqual(['z', 'a']);
    });
  },

  runningOnRunners(given) {
    it('returns every running job without a script, on all backends, in submission order', async () => {
      const all = await given();
      await keepAll(
        all,
        running('z', { backend: 'b2' }),
        running('a', { session: 's1', mode: 'dedicated', instance: 'lab-b' }),
        running('scripted', { script: { duration: 5, outcome: 'completed' } }),
        givenJob({ id: 'queued' }),
        givenJob({ id: 'done', state: 'cancelled', endedAt: t0 }),
      );
      expect(ids(await all.write((tx) => tx.jobs.runningOnRunners()))).toEqual(['z', 'a']);
    });
  },

  saveResult(given) {
    it('stores the result of this job, and replaces it', async () => {
      const all = await given();
      await keepAll(all, givenJob({ id: 'j1' }), givenJob({ id: 'j2' }));
      await all.write((tx) => tx.jobs.saveResult('j1', '{"n": 1.0}'));
      expect(await all.read.result('j1')).toBe('{"n": 1.0}');
      await all.write((tx) => tx.jobs.saveResult('j1', 'again'));
      expect(await all.read.result('j1')).toBe('again');
      expect(await all.read.result('j2')).toBeNull();
      expect(await all.read.params('j1')).toBe('{}');
    });
  },

  takeResult(given) {
    it('returns the result once', async () => {
      const all = await given();
      await keepAll(all, givenJob({ id: 'j1' }), givenJob({ id: 'j2' }));
      await all.write(async ({ jobs }) => {
        await jobs.saveResult('j1', 'one');
        await jobs.saveResult('j2', 'two');
      });
      expect(await all.write((tx) => tx.jobs.takeResult('j1'))).toBe('one');
      expect(await all.write((tx) => tx.jobs.takeResult('j1'))).toBeNull();
      expect(await all.read.result('j1')).toBeNull();
      expect(await all.read.result('j2')).toBe('two');
    });
  },

  appendLog(given) {
    it('appends a line', async () => {
      const all = await given();
      await keepAll(all, givenJob({ id: 'j1' }), givenJob({ id: 'j2' }));
      await all.write((tx) => tx.jobs.appendLog('j1', after(2), 'info', 'b'));
      await all.write(async ({ jobs }) => {
        await jobs.appendLog('j2', after(1), 'info', 'other');
        await jobs.appendLog('j1', after(1), 'error', 'a');
      });
      expect(await all.read.logs('j1')).toEqual([
        { at: after(2), level: 'info', text: 'b' },
        { at: after(1), level: 'error', text: 'a' },
      ]);
    });
  },

  saveTags(given) {
    it('replaces the tags of this job and no other details', async () => {
      const { read, write } = await given();
      const details = givenDetails({ tags: ['old', 'both'], private: true });
      for (const id of ['j1', 'j2']) await write((tx) => tx.jobs.insert(record({ id, details }), '{}'));
      await read.job('j1');
      await write((tx) => tx.jobs.saveTags('j1', ['both', 'new', 'new']));
      const tagged = async (tag: string) =>
        (await read.jobs({ tags: [tag], limit: 9, offset: 0, oldestFirst: true })).items.map(({ id }) => id);
      expect(await tagged('old')).toEqual(['j2']);
      expect(await tagged('both')).toEqual(['j1', 'j2']);
      expect(await tagged('new')).toEqual(['j1']);
      expect((await read.job('j1'))?.details).toEqual({ ...details, tags: ['both', 'new', 'new'] });
      expect((await read.job('j2'))?.details).toEqual(details);
    });
  },

  saveRanWith(given) {
    it('adds the versions to the details of this job', async () => {
      const { read, write } = await given();
      const details = givenDetails({ tags: ['x'], cost: 3 });
      for (const id of ['j1', 'j2']) await write((tx) => tx.jobs.insert(record({ id, details }), '{}'));
      await read.job('j1');
      await write((tx) => tx.jobs.saveRanWith('j1', { numpy: '2.1' }));
      expect((await read.job('j1'))?.details).toEqual({ ...details, ranWith: { numpy: '2.1' } });
      expect((await read.job('j2'))?.details).toEqual(details);
    });
  },

  remove(given) {
    it('removes all rows of this job, and none of another', async () => {
      const { read, write } = await given();
      for (const id of ['j1', 'j2']) {
        await write(async (tx) => {
          await tx.jobs.insert(record({ id, details: givenDetails({ tags: ['x'] }) }), 'params');
          await tx.jobs.saveResult(id, 'result');
          await tx.jobs.appendLog(id, t0, 'info', 'line');
          await tx.receipts.insert({ key: id, subject: id, hash: null, at: t0 });
        });
        await read.job(id);
      }
      await write((tx) => tx.jobs.remove('j1'));
      const left = async (id: string) => ({
        job: await read.job(id).then((job) => job?.id ?? null),
        found: await write((tx) => tx.jobs.find(id)).then((job) => job?.id ?? null),
        texts: [await read.params(id), await read.result(id)],
        logs: (await read.logs(id)).length,
        receipts: (await write((tx) => tx.receipts.find(id, 0))).length,
      });
      const nothing = { job: null, found: null, texts: [null, null], logs: 0, receipts: 0 };
      expect(await left('j1')).toEqual(nothing);
      const all = { job: 'j2', found: 'j2', texts: ['params', 'result'], logs: 1, receipts: 1 };
      expect(await left('j2')).toEqual(all);
      // A new job with this id has nothing of the removed one.
      await write((tx) => tx.jobs.insert(record({ id: 'j1' }), 'other'));
      expect(await read.result('j1')).toBeNull();
      expect((await read.jobs({ tags: ['x'], limit: 9, offset: 0 })).items.map(({ id }) => id)).toEqual([
        'j2',
      ]);
    });
  },
};
