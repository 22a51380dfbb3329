import { expect, it } from '@jest/globals';
import { givenJob, givenSession } from '../support/given.js';
import { givenDetails, keepSession } from '../support/stored.js';
import type { Tests } from './methods.js';

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
const s = (id: string) => givenSession({ id });

export const writesSuite: Tests = (given) => {
  it('returns the result of the work', async () => {
    const { write } = await given();
    expect(await write(() => Promise.resolve({ made: 7 }))).toEqual({ made: 7 });
  });

  it('returns once durable: opening the data again then finds the change', async () => {
    const { write, again } = await given();
    await write((tx) => keepSession(tx, s('s1')));
    expect(await (await again()).read.session('s1')).toEqual(s('s1'));
  });

  it('runs one piece of work at a time, in order of arrival', async () => {
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

  it('sees the changes of earlier work', async () => {
    const { write } = await given();
    const [, found] = await Promise.all([
      write((tx) => keepSession(tx, s('s1'))),
      write((tx) => tx.sessions.find('s1')),
    ]);
    expect(found).toEqual(s('s1'));
  });

  it('rolls back work that throws, rejects with its error, and keeps other work of the same commit', async () => {
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

  it('rolls back work whose statement the database refuses', async () => {
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

  it('lets readers see only committed state', async () => {
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

  it('hides from readers what was rolled back', async () => {
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

  it('allows reads during a write', async () => {
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
