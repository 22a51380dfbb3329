import { describe, expect, it } from '@jest/globals';
import { givenDatabase, givenInstance } from '../../../test/support/store.js';
import { WriteQueue } from './write-queue.js';

/** A connection that only remembers what it was asked. */
function givenConnection(fails: (statement: string) => boolean = () => false) {
  const said: string[] = [];
  const run = (statement: string) => {
    said.push(statement);
    return fails(statement) ? Promise.reject(new Error(`${statement} failed`)) : Promise.resolve();
  };
  return { said, queue: new WriteQueue({ run }) };
}

/** One whose commits take so many milliseconds, on a clock that else stands still. */
function givenSlowConnection(milliseconds: number) {
  const said: string[] = [];
  let now = 0;
  const run = (statement: string) => {
    said.push(statement);
    if (statement === 'COMMIT') now += milliseconds;
    return Promise.resolve();
  };
  const queue = new WriteQueue({ run }, {}, () => now);
  return { said, queue, pass: (time: number) => (now += time) };
}
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
const commits = (said: string[]) => said.filter((statement) => statement === 'COMMIT').length;
const settled = (works: Promise<unknown>[]) =>
  Promise.allSettled(works).then((all) => all.map(({ status }) => status));

describe('the write queue', () => {
  it('lets many share one commit', async () => {
    const { said, queue } = givenConnection();
    await Promise.all(Array.from({ length: 20 }, (_, i) => queue.write(() => Promise.resolve(i))));
    expect(commits(said)).toBe(1);
  });

  it('keeps no one waiting for more than 64 others', async () => {
    const { said, queue } = givenConnection();
    await Promise.all(Array.from({ length: 65 }, () => queue.write(() => Promise.resolve())));
    expect(commits(said)).toBe(2);
  });

  it('waits for those whose requests are still being read, where there are several', async () => {
    const { said, queue } = givenSlowConnection(10);
    await queue.write(() => Promise.resolve());
    const written = [queue.write(() => Promise.resolve()), queue.write(() => Promise.resolve())];
    // One comes after a turn that brought nobody: a request takes two, for its head and for its body.
    for (const turns of [1, 1, 2]) {
      for (let i = 0; i < turns; i += 1) await nextTurn();
      written.push(queue.write(() => Promise.resolve()));
    }
    await Promise.all(written);
    expect(commits(said)).toBe(2);
  });

  it('waits for nobody longer than a commit takes', async () => {
    const { said, queue, pass } = givenSlowConnection(2);
    await queue.write(() => Promise.resolve());
    const written = [queue.write(() => Promise.resolve()), queue.write(() => Promise.resolve())];
    for (let i = 0; i < 20; i += 1) {
      await nextTurn();
      pass(1);
      if (commits(said) > 1) break;
      written.push(queue.write(() => Promise.resolve()));
    }
    await Promise.all(written);
    // Two in the queue, one with each turn of a millisecond; not all twenty.
    expect(written.length).toBeLessThanOrEqual(6);
  });

  it('does not make one that writes alone wait for others', async () => {
    const { said, queue } = givenConnection();
    let turns = 0;
    const count = () => {
      if (commits(said) === 0) setImmediate(() => (turns += 1) && count());
    };
    count();
    await queue.write(() => Promise.resolve());
    expect(turns).toBeLessThanOrEqual(2);
  });

  it('says that a transaction has ended before it tells anyone', async () => {
    const order: string[] = [];
    const queue = new WriteQueue({ run: () => Promise.resolve() }, { ended: () => void order.push('ended') });
    await queue.write(() => Promise.resolve()).then(() => order.push('told'));
    const broken = new WriteQueue(
      {
        run: (statement) => (statement === 'COMMIT' ? Promise.reject(new Error('full')) : Promise.resolve()),
      },
      { ended: () => void order.push('ended') },
    );
    await broken.write(() => Promise.resolve()).catch(() => order.push('told'));
    expect(order).toEqual(['ended', 'told', 'ended', 'told']);
  });

  it('writes what all who share a commit have in common once, and nothing where all failed', async () => {
    const said: string[] = [];
    const run = (statement: string) => Promise.resolve(void said.push(statement));
    const queue = new WriteQueue({ run }, { beforeCommit: () => run('alive') });
    await Promise.all([1, 2, 3].map((i) => queue.write(() => Promise.resolve(i))));
    expect(said.filter((statement) => statement === 'alive')).toHaveLength(1);
    expect(said.slice(-2)).toEqual(['alive', 'COMMIT']);
    await queue.write(() => Promise.reject(new Error('no'))).catch(() => undefined);
    expect(said.filter((statement) => statement === 'alive')).toHaveLength(1);
  });

  it('answers after the commit, never before', async () => {
    const { said, queue } = givenConnection();
    await queue.write(() => Promise.resolve());
    expect(said.at(-1)).toBe('COMMIT');
  });

  it('runs one work after another, in the order of their arrival', async () => {
    const { queue } = givenConnection();
    const order: string[] = [];
    const work = (name: string) => async () => {
      order.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      order.push(`${name} ends`);
    };
    await Promise.all([queue.write(work('a')), queue.write(work('b'))]);
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('tells everyone when the commit fails, for nothing was stored', async () => {
    const { said, queue } = givenConnection((statement) => statement === 'COMMIT');
    expect(
      await settled([queue.write(() => Promise.resolve(1)), queue.write(() => Promise.resolve(2))]),
    ).toEqual(['rejected', 'rejected']);
    expect(said.at(-1)).toBe('ROLLBACK');
  });

  it('goes on after a failure', async () => {
    let broken = true;
    const { queue } = givenConnection((statement) => statement === 'BEGIN IMMEDIATE' && broken);
    await expect(queue.write(() => Promise.resolve())).rejects.toThrow('BEGIN IMMEDIATE failed');
    broken = false;
    await expect(queue.write(() => Promise.resolve('works'))).resolves.toBe('works');
  });

  it('is idle only when everything was answered', async () => {
    const { queue } = givenConnection();
    let answered = false;
    void queue.write(() => Promise.resolve()).then(() => (answered = true));
    await queue.idle();
    await Promise.resolve();
    expect(answered).toBe(true);
  });
});

describe('writing to SQLite', () => {
  it('undoes only the work that fails, though it shares its commit', async () => {
    const { store } = await givenDatabase();
    const add = (id: string, fails: boolean) =>
      store.write(async (tx) => {
        await tx.instances.insert(givenInstance({ id }));
        if (fails) throw new Error('refused');
      });
    expect(await settled([add('a', false), add('b', true), add('c', false)])).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect((await store.read.instances()).map(({ id }) => id)).toEqual(['a', 'c']);
  });

  it('undoes only the work whose statement the database refuses', async () => {
    const { store } = await givenDatabase();
    const add = (id: string) => store.write((tx) => tx.instances.insert(givenInstance({ id })));
    expect(await settled([add('a'), add('a'), add('b')])).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await store.read.instances()).map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('shows readers nothing before the commit, and everything after it', async () => {
    const { store } = await givenDatabase();
    const seen = await store.write(async (tx) => {
      await tx.instances.insert(givenInstance());
      return [await tx.instances.find('lab-a'), await store.read.instance('lab-a')].map(
        (row) => row?.id ?? null,
      );
    });
    expect(seen).toEqual(['lab-a', null]);
    expect(await store.read.instance('lab-a')).not.toBeNull();
  });
});
