import { expect, it } from '@jest/globals';
import { givenJob, givenSession } from '../support/given.js';
import { givenDetails, keepSession } from '../support/stored.js';
import type { Tests } from './methods.js';

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
const s = (id: string) => givenSession({ id });

export const writesSuite: Tests = (given) => {
  it('answers what the work answers', async () => {
    const { write } = await given();
    expect(await write(() => Promise.resolve({ made: 7 }))).toEqual({ made: 7 });
  });

  it('answers after it is durable: whoever opens the data then finds it', async () => {
    const { write, again } = await given();
    await write((tx) => keepSession(tx, s('s1')));
    expect(await (await again()).read.session('s1')).toEqual(s('s1'));
  });

  it('runs one work at a time, in the order in which they came', async () => {
    const { write } = await given();
    const order: string[] = [];
    const work = (name: string, turns: number) =>
      write(async () => {
        order.push(`${name} begins`);
        for (let i = 0; i < turns; i += 1) await nextTurn();
        order.push(`${name} ends`);
      });
    await Promise.all([work('a', 5), work('b', 1), work('c', 0)]);
    expect(order).toEqual(['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]));
  });

  it('sees what the work before it has stored', async () => {
    const { write } = await given();
    const [, found] = await Promise.all([
      write((tx) => keepSession(tx, s('s1'))),
      write((tx) => tx.sessions.find('s1')),
    ]);
    expect(found).toEqual(s('s1'));
  });

  it('undoes all of a work that throws, says why, and undoes nothing of the others that come with it', async () => {
    const { read, write } = await given();
    const results = await Promise.allSettled([
      write((tx) => keepSession(tx, s('before'))),
      write(async (tx) => {
        await keepSession(tx, s('failed'));
        await tx.jobs.insert({ ...givenJob(), details: givenDetails() }, '{}');
        await tx.backends.countQueued('b1', 1);
        throw new Error('not like this');
      }),
      write((tx) => keepSession(tx, s('after'))),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { message: 'not like this' } });
    const ids = (await read.sessions({ limit: 9 })).map(({ id }) => id).sort();
    expect(ids).toEqual(['after', 'before']);
    expect(await read.job('j1')).toBeNull();
    expect((await read.backend('b1'))?.queuedJobs).toBe(0);
  });

  it('undoes a work that the database refuses', async () => {
    const { read, write } = await given();
    await write((tx) => keepSession(tx, s('there')));
    const failed = write(async (tx) => {
      await keepSession(tx, s('new'));
      await keepSession(tx, s('there'));
    });
    await expect(failed).rejects.toThrow();
    expect(await read.session('new')).toBeNull();
    await write((tx) => keepSession(tx, s('later')));
    expect(await read.session('later')).not.toBeNull();
  });

  it('shows readers committed state only', async () => {
    const { read, write } = await given();
    const job = await write((tx) => tx.jobs.insert({ ...givenJob(), details: givenDetails() }, '{}'));
    await write(async (tx) => {
      await keepSession(tx, s('s1'));
      await tx.jobs.save({ ...job, reason: 'changed' }, null);
      expect(await read.session('s1')).toBeNull();
      expect((await read.job('j1'))?.reason).toBeNull();
      expect((await read.jobs({ limit: 1, offset: 0 })).items[0]?.reason).toBeNull();
    });
    expect(await read.session('s1')).not.toBeNull();
    expect((await read.job('j1'))?.reason).toBe('changed');
  });

  it('shows readers nothing of what was undone', async () => {
    const { read, write } = await given();
    const job = await write((tx) => tx.jobs.insert({ ...givenJob(), details: givenDetails() }, '{}'));
    const failed = write(async (tx) => {
      await tx.jobs.save({ ...job, reason: 'changed' }, null);
      await read.job('j1');
      throw new Error('undone');
    });
    await expect(failed).rejects.toThrow('undone');
    expect((await read.job('j1'))?.reason).toBeNull();
  });

  it('lets others read while it writes', async () => {
    const { read, write } = await given();
    let go = () => {};
    const held = new Promise<void>((resolve) => (go = resolve));
    const writing = write(async (tx) => {
      await keepSession(tx, s('s1'));
      await held;
    });
    expect(await read.instances()).toHaveLength(2);
    go();
    await writing;
  });
};
