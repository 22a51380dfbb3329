import { describe, expect, it } from '@jest/globals';
import { givenDatabase, givenInstance } from '../../../test/support/store.js';
import { WriteQueue } from './write-queue.js';

/** A connection that only records its statements. */
function givenConnection(fails: (statement: string) => boolean = () => false) {
  const statements: string[] = [];
  const run = (statement: string) => {
    statements.push(statement);
    return fails(statement) ? Promise.reject(new Error(`${statement} failed`)) : Promise.resolve();
  };
  return { statements, queue: new WriteQueue({ run }) };
}

/** A connection whose commits take `milliseconds`, on a clock that only they and `pass` advance. */
function givenSlowConnection(milliseconds: number) {
  const statements: string[] = [];
  let now = 0;
  const run = (statement: string) => {
    statements.push(statement);
    if (statement === 'COMMIT') now += milliseconds;
    return Promise.resolve();
  };
  const queue = new WriteQueue({ run }, {}, () => now);
  return { statements, queue, pass: (time: number) => (now += time) };
}
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
const commits = (statements: string[]) => statements.filter((statement) => statement === 'COMMIT').length;
const settled = (works: Promise<unknown>[]) =>
  Promise.allSettled(works).then((all) => all.map(({ status }) => status));

describe('the write queue', () => {
  it('commits many writers together', async () => {
    const { statements, queue } = givenConnection();
    await Promise.all(Array.from({ length: 20 }, (_, i) => queue.write(() => Promise.resolve(i))));
    expect(commits(statements)).toBe(1);
  });

  it('commits at most 64 writers together', async () => {
    const { statements, queue } = givenConnection();
    await Promise.all(Array.from({ length: 65 }, () => queue.write(() => Promise.resolve())));
    expect(commits(statements)).toBe(2);
  });

  it('waits for writers whose requests are still being read, if there are several', async () => {
    const { statements, queue } = givenSlowConnection(10);
    await queue.write(() => Promise.resolve());
    const written = [queue.write(() => Promise.resolve()), queue.write(() => Promise.resolve())];
    // One arrives after a turn without any: reading a request takes two turns, for its head and its body.
    for (const turns of [1, 1, 2]) {
      for (let i = 0; i < turns; i += 1) await nextTurn();
      written.push(queue.write(() => Promise.resolve()));
    }
    await Promise.all(written);
    expect(commits(statements)).toBe(2);
  });

  it('waits no longer than a commit takes', async () => {
    const { statements, queue, pass } = givenSlowConnection(2);
    await queue.write(() => Promise.resolve());
    const written = [queue.write(() => Promise.resolve()), queue.write(() => Promise.resolve())];
    for (let i = 0; i < 20; i += 1) {
      await nextTurn();
      pass(1);
      if (commits(statements) > 1) break;
      written.push(queue.write(() => Promise.resolve()));
    }
    await Promise.all(written);
    // Two at first, then one with each turn of a millisecond, but not all twenty.
    expect(written.length).toBeLessThanOrEqual(6);
  });

  it('does not make a lone writer wait for others', async () => {
    const { statements, queue } = givenConnection();
    let turns = 0;
    const count = () => {
      if (commits(statements) === 0) setImmediate(() => (turns += 1) && count());
    };
    count();
    await queue.write(() => Promise.resolve());
    expect(turns).toBeLessThanOrEqual(2);
  });

  it('calls `onEnd` before it resolves any write', async () => {
    const order: string[] = [];
    const queue = new WriteQueue({ run: () => Promise.resolve() }, { onEnd: () => void order.push('ended') });
    await queue.write(() => Promise.resolve()).then(() => order.push('told'));
    const broken = new WriteQueue(
      {
        run: (statement) => (statement === 'COMMIT' ? Promise.reject(new Error('full')) : Promise.resolve()),
      },
      { onEnd: () => void order.push('ended') },
    );
    await broken.write(() => Promise.resolve()).catch(() => order.push('told'));
    expect(order).toEqual(['ended', 'told', 'ended', 'told']);
  });

  it('calls `beforeCommit` once for each commit, and not if all writers failed', async () => {
    const statements: string[] = [];
    const run = (statement: string) => Promise.resolve(void statements.push(statement));
    const queue = new WriteQueue({ run }, { beforeCommit: () => run('alive') });
    await Promise.all([1, 2, 3].map((i) => queue.write(() => Promise.resolve(i))));
    expect(statements.filter((statement) => statement === 'alive')).toHaveLength(1);
    expect(statements.slice(-2)).toEqual(['alive', 'COMMIT']);
    await queue.write(() => Promise.reject(new Error('no'))).catch(() => undefined);
    expect(statements.filter((statement) => statement === 'alive')).toHaveLength(1);
  });

  it('resolves after the commit, never before', async () => {
    const { statements, queue } = givenConnection();
    await queue.write(() => Promise.resolve());
    expect(statements.at(-1)).toBe('COMMIT');
  });

  it('runs one writer after another, in the order of their arrival', async () => {
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

  it('rejects all writers if the commit fails, because nothing was stored', async () => {
    const { statements, queue } = givenConnection((statement) => statement === 'COMMIT');
    expect(
      await settled([queue.write(() => Promise.resolve(1)), queue.write(() => Promise.resolve(2))]),
    ).toEqual(['rejected', 'rejected']);
    expect(statements.at(-1)).toBe('ROLLBACK');
  });

  it('continues after a failure', async () => {
    let broken = true;
    const { queue } = givenConnection((statement) => statement === 'BEGIN IMMEDIATE' && broken);
    await expect(queue.write(() => Promise.resolve())).rejects.toThrow('BEGIN IMMEDIATE failed');
    broken = false;
    await expect(queue.write(() => Promise.resolve('works'))).resolves.toBe('works');
  });

  it('is idle only once all writes have been resolved', async () => {
    const { queue } = givenConnection();
    let answered = false;
    void queue.write(() => Promise.resolve()).then(() => (answered = true));
    await queue.idle();
    await Promise.resolve();
    expect(answered).toBe(true);
  });
});

describe('writing to SQLite', () => {
  it('rolls back only the writer that fails, although it shares a commit', async () => {
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

  it('rolls back only the writer whose statement the database refuses', async () => {
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
