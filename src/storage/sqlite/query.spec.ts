import { describe, expect, it } from '@jest/globals';
import { givenJob, givenSession, t0 } from '../../../test/support/given.js';
import {
  givenBackend,
  givenDatabase,
  givenDetails,
  givenInstance,
  keepJob,
  keepSession,
} from '../../../test/support/store.js';
import { LongText, Pieces, inMemory, longFrom, wholeOf } from '../../scheduler/long-text.js';
import { TextsService } from '../../scheduler/texts.service.js';
import { perQuery, type Query } from '../../scheduler/query.ports.js';

/** A store with a table such as a dialect has. */
async function given() {
  const { store } = await givenDatabase();
  await store.write(async ({ query, instances, backends }) => {
    await instances.insert(givenInstance());
    await backends.insert(givenBackend());
    await query.run('CREATE TABLE things (name text PRIMARY KEY, body text, size integer)');
  });
  const put = (name: string, body: string | null = null, size = 0) =>
    store.write(({ query }) => query.run('INSERT INTO things VALUES (?, ?, ?)', name, body, size));
  const names = (where: string, ...values: (string | number | null)[]) =>
    store.read.query
      .all<{ name: string }>(`SELECT name FROM things WHERE ${where} ORDER BY name`, ...values)
      .then((rows) => rows.map(({ name }) => name));
  return { store, put, names };
}

describe("a dialect's SQL", () => {
  it('returns all rows, one, or none', async () => {
    const { store, put, names } = await given();
    await put('a', 'first', 3);
    await put('b', null, 4);
    expect(await names('size > ?', 0)).toEqual(['a', 'b']);
    const one = (name: string) => store.read.query.one('SELECT * FROM things WHERE name = ?', name);
    expect(await one('a')).toEqual({ name: 'a', body: 'first', size: 3 });
    expect(await one('b')).toEqual({ name: 'b', body: null, size: 4 });
    expect(await one('c')).toBeNull();
  });

  it('is rolled back with its transaction, and not visible before the commit', async () => {
    const { store, names } = await given();
    const failed = store.write(async ({ query }) => {
      await query.run("INSERT INTO things (name) VALUES ('a')");
      expect(await query.one('SELECT name FROM things')).toEqual({ name: 'a' });
      expect(await names('TRUE')).toEqual([]);
      throw new Error('not like this');
    });
    await expect(failed).rejects.toThrow('not like this');
    expect(await names('TRUE')).toEqual([]);
  });

  it('cannot change rows outside a transaction', async () => {
    const { store, put } = await given();
    await put('a');
    await expect(store.read.query.run('DELETE FROM things')).rejects.toThrow('readonly');
  });

  it('may search for a substring of any characters', async () => {
    const { store, put, names } = await given();
    for (const name of ['50%', '50 of 100', 'a_b', 'axb']) await put(name);
    const having = (part: string) => names(store.read.query.sql.contains('name'), part);
    expect(await having('50')).toEqual(['50 of 100', '50%']);
    expect(await having('%')).toEqual(['50%']);
    expect(await having('a_')).toEqual(['a_b']);
    expect(await having('A')).toEqual([]);
  });

  it('may compare a member of a JSON object', async () => {
    const { store, put, names } = await given();
    await put('a', '{"user": "ann", "n": 7}');
    await put('b', '{"n": 7}');
    const { member } = store.read.query.sql;
    expect(await names(`${member('body', 'user')} = ?`, 'ann')).toEqual(['a']);
    expect(await names(`${member('body', 'user')} IS NULL`)).toEqual(['b']);
  });

  it("may join the scheduler's tables and convert their rows to kernel types", async () => {
    const { store } = await given();
    const session = givenSession({ id: 's1' });
    await store.write(async (tx) => {
      await keepSession(tx, session);
      await keepJob(tx, givenJob({ id: 'j1', session: 's1', mode: 'dedicated' }));
      const event = { type: 'job.queued', at: t0, processedAt: t0, actor: 'x', cause: null } as const;
      await tx.events.append({ ...event, backend: null, instance: null, session: null, job: 'j1' });
    });
    const { query } = store.read;
    const rowOf = async (table: string) => (await query.one(`SELECT * FROM ${table}`)) ?? {};
    expect(await store.read.job('j1')).toEqual({
      ...query.rows.job(await rowOf('jobs')),
      details: givenDetails(),
    });
    expect(query.rows.session(await rowOf('sessions'))).toEqual(await store.read.session('s1'));
    const [event] = await store.read.events({ after: 0, limit: 1 });
    expect(query.rows.event(await rowOf('events'))).toEqual(event);
  });

  it('reads a whole text, however it is stored', async () => {
    const { store } = await given();
    const text = JSON.stringify({ long: 'x'.repeat(2 * longFrom) });
    const pieces = new Pieces();
    pieces.add(Buffer.from(text));
    await new TextsService(store).withStored(new LongText(inMemory(pieces.all())), (stored) =>
      store.write(async (tx) => {
        await keepJob(tx, givenJob({ id: 'j1' }));
        await tx.jobs.saveResult('j1', stored);
      }),
    );
    const { query } = store.read;
    const read = async (kind: 'params' | 'result', table: string) => {
      const row = await query.one<{ seq: number; body: string }>(`SELECT seq, body FROM ${table}`);
      return row === null ? null : wholeOf(await query.text(row.body, kind, row.seq));
    };
    expect(await read('result', 'job_results')).toBe(text);
    expect(await read('params', 'job_params')).toBe('{}');
  });
});

it('the query port is created once for all transactions, and once for all reads', async () => {
  const { store } = await given();
  const made: Query[] = [];
  const ofQuery = perQuery((query) => ({ mine: made.push(query) }));
  const inside = () => store.write((tx) => Promise.resolve(ofQuery(tx)));
  expect(await inside()).toBe(await inside());
  expect(ofQuery(store.read)).toBe(ofQuery(store.read));
  expect(made).toHaveLength(2);
});
