import { describe, expect, it } from '@jest/globals';
import { givenJob } from '../../../test/support/given.js';
import {
  givenBackend,
  givenDatabase,
  givenDetails,
  givenInstance,
  keepJob,
} from '../../../test/support/store.js';
import type { JobRecord } from '../../scheduler/ports.js';
import type { ReadJob } from '../../scheduler/process-memory.ports.js';
import { JobCache } from './job-cache.js';

const record = (overrides: Partial<JobRecord> = {}): JobRecord => ({
  ...givenJob({ id: 'j1' }),
  details: givenDetails(),
  ...overrides,
});

const asRead = (job: JobRecord, size = 1000): ReadJob => ({ job, size });

/** A cache, and a stand-in for the database behind it. */
function givenCache() {
  const cache = new JobCache();
  let stored: JobRecord | null = record();
  let reads = 0;
  const read = () => {
    reads += 1;
    return Promise.resolve(stored === null ? null : asRead(stored));
  };
  return {
    cache,
    find: () => cache.find('j1', read),
    store: (next: JobRecord | null) => (stored = next),
    reads: () => reads,
  };
}

describe('the cache of jobs', () => {
  it('reads a job that does not change once', async () => {
    const { find, reads } = givenCache();
    await find();
    await find();
    expect(reads()).toBe(1);
  });

  it('shows a change once its transaction has ended, and not before', async () => {
    const { cache, find, store } = givenCache();
    await find();
    cache.markChanged('j1');
    const during = await find();
    store(record({ state: 'completed' }));
    cache.transactionEnded();
    expect([during?.state, (await find())?.state]).toEqual(['queued', 'completed']);
  });

  it('does not cache a job that was read while a transaction was changing it', async () => {
    const { cache, find, store } = givenCache();
    cache.markChanged('j1');
    await find();
    store(record({ state: 'completed' }));
    cache.transactionEnded();
    expect((await find())?.state).toBe('completed');
  });

  it('does not cache a job if a transaction ended while it was being read', async () => {
    const { cache } = givenCache();
    let arrive: (read: ReadJob) => void = () => undefined;
    const slow = cache.find('j1', () => new Promise((resolve) => (arrive = resolve)));
    cache.markChanged('j1');
    cache.transactionEnded();
    arrive(asRead(record()));
    await slow;
    const now = await cache.find('j1', () => Promise.resolve(asRead(record({ state: 'completed' }))));
    expect(now?.state).toBe('completed');
  });

  it('is cleared after a transaction that changed many jobs', async () => {
    const { cache, find, reads } = givenCache();
    await find();
    cache.markManyChanged();
    cache.transactionEnded();
    await find();
    expect(reads()).toBe(2);
  });

  it('reads a job again that did not exist', async () => {
    const { find, store } = givenCache();
    store(null);
    const before = await find();
    store(record());
    expect([before, (await find())?.id]).toEqual([null, 'j1']);
  });

  it('caches a bounded number of jobs, and those read again for longer', async () => {
    const cache = new JobCache();
    let reads = 0;
    const ask = (id: string) =>
      cache.find(id, () => {
        reads += 1;
        return Promise.resolve(asRead(record({ id })));
      });
    await ask('once');
    for (let i = 0; i < 6000; i += 1) {
      await ask('often');
      await ask(`j${i}`);
    }
    const before = reads;
    await ask('often');
    const [often, once] = [reads - before, (await ask('once')) && reads - before];
    expect([before, often, once]).toEqual([6002, 0, 1]);
  });

  it('does not cache a large job', async () => {
    const cache = new JobCache();
    let reads = 0;
    const ask = () =>
      cache.find('j1', () => {
        reads += 1;
        return Promise.resolve(asRead(record(), 10_000));
      });
    await ask();
    await ask();
    expect(reads).toBe(2);
  });
});

describe('jobs read from the store', () => {
  /** Stores a queued job of session s1 and a queued lone job, and reads both. */
  async function givenReadJobs() {
    const { store } = await givenDatabase();
    await store.write(async (tx) => {
      await tx.instances.insert(givenInstance());
      await tx.backends.insert(givenBackend());
      await keepJob(tx, givenJob({ id: 'j1' }));
      await keepJob(tx, givenJob({ id: 'j2', session: 's1' }));
    });
    const job = await store.read.job('j1');
    await store.read.job('j2');
    if (job === null) throw new Error('j1 is missing');
    return { store, job };
  }

  it('are as last committed, whatever changed them', async () => {
    const { store, job } = await givenReadJobs();
    await store.write((tx) => tx.jobs.save({ ...job, state: 'running' }, null));
    const saved = await store.read.job('j1');
    await store.write((tx) => tx.jobs.saveTags('j1', ['new']));
    const tagged = await store.read.job('j1');
    const how = { state: 'failed', reason: 'closed', endCode: null } as const;
    await store.write((tx) => tx.jobs.endQueuedOf('s1', how, job.createdAt));
    const ended = await store.read.job('j2');
    await store.write((tx) => tx.jobs.remove('j1'));
    expect([saved?.state, tagged?.details.tags, ended?.state, await store.read.job('j1')]).toEqual([
      'running',
      ['new'],
      'failed',
      null,
    ]);
  });

  it('are unchanged if the change was refused', async () => {
    const { store, job } = await givenReadJobs();
    const refused = store.write(async (tx) => {
      await tx.jobs.save({ ...job, state: 'running' }, null);
      throw new Error('refused');
    });
    await expect(refused).rejects.toThrow('refused');
    expect((await store.read.job('j1'))?.state).toBe('queued');
  });
});
