import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { errorOf, givenBackend, messagesOf, TestService } from '../support/http.js';

/** Alice holds b1 for 70 s (a job of 10 s, then idle); bob runs jobs of 1, 2, 3, 4 and 5 s on b2, one after another. */
let stint: TestService;
let began: number;
let session: string;
beforeAll(async () => {
  stint = await TestService.start({ backends: ['b1', 'b2'].map((name) => givenBackend({ name })) });
  began = Date.parse((await stint.admin.get('/admin/clock')).body.now as string);
  const [alice, bob] = [await stint.user('alice', 'lab-a'), await stint.user('bob', 'lab-b')];
  session = (await alice.post('/sessions', { backend: 'b1' })).body.id as string;
  const job = (backend: string, duration: number) => ({
    ...{ program_id: 'scripted', backend, params: { duration } },
  });
  await alice.post('/jobs', { ...job('b1', 10), session_id: session });
  for (const duration of [1, 2, 3, 4, 5]) await bob.post('/jobs', job('b2', duration));
  await stint.advance(100);
});
afterAll(() => stint.close());

const at = (seconds: number) => new Date(began + seconds * 1000).toISOString();
const read = async (query = '') => {
  const { status, body, text } = await stint.admin.get(`/admin/ledger${query}`);
  if (status !== 200) throw new Error(text);
  return body as {
    entries: { id: number; from: string; to: string; charged_seconds: number }[];
    next: number | null;
    sums: { charged_seconds: number; entries: number; groups: object[]; groups_left_off: number } | null;
  };
};
const chargedIn = async (query: string) => (await read(query)).sums?.charged_seconds;

describe('the ledger', () => {
  it('contains each charge, oldest first, and their sum', async () => {
    const { entries, next, sums } = await read();
    expect(entries).toHaveLength(6);
    expect(entries[5]).toEqual({
      ...{ id: 6, kind: 'hold', backend: 'b1', slot: 0, instance: 'lab-a', user: 'alice' },
      ...{ session_id: session, job_id: null, from: at(0), to: at(70), charged_seconds: 70 },
    });
    expect(entries[0]).toMatchObject({
      kind: 'job',
      instance: 'lab-b',
      session_id: null,
      charged_seconds: 1,
    });
    expect(next).toBeNull();
    expect(sums).toEqual({ charged_seconds: 85, entries: 6, groups: [], groups_left_off: 0 });
  });

  it.each([
    ['?user=bob', 15],
    ['?instance=lab-a', 70],
    ['?backend=b2', 15],
    ['?backend=b1&user=bob', 0],
  ])('filtered by %s has a sum of %d s', async (query, charged) => {
    expect(await chargedIn(query)).toBe(charged);
  });

  it('can be filtered by CRN', async () => {
    const { crn } = await stint.user('carol', 'lab-b');
    expect(await chargedIn(`?instance=${encodeURIComponent(crn)}`)).toBe(15);
  });

  it('is summed in the groups of sum_by, largest first', async () => {
    expect((await read('?sum_by=instance')).sums?.groups).toEqual([
      { instance: 'lab-a', charged_seconds: 70, entries: 1 },
      { instance: 'lab-b', charged_seconds: 15, entries: 5 },
    ]);
    expect((await read('?sum_by=user&sum_by=backend')).sums?.groups).toEqual([
      { user: 'alice', backend: 'b1', charged_seconds: 70, entries: 1 },
      { user: 'bob', backend: 'b2', charged_seconds: 15, entries: 5 },
    ]);
    expect((await read('?sum_by=session')).sums?.groups).toEqual([
      { session_id: session, charged_seconds: 70, entries: 1 },
      { session_id: null, charged_seconds: 15, entries: 5 },
    ]);
  });

  it('is returned in pages without gaps or repetitions, and only the first has sums', async () => {
    const pages = [await read('?limit=4')];
    for (let next = pages[0]?.next; next !== null; next = pages.at(-1)?.next) {
      pages.push(await read(`?limit=4&after=${next}`));
    }
    expect(pages.map(({ entries }) => entries.map(({ id }) => id))).toEqual([
      [1, 2, 3, 4],
      [5, 6],
    ]);
    expect(pages.map(({ sums }) => sums?.charged_seconds)).toEqual([85, undefined]);
  });
});

describe('a time range of the ledger', () => {
  it('contains only the seconds inside it, so that ranges add up to the whole', async () => {
    const { entries, sums } = await read(`?from=${at(4)}&to=${at(20)}`);
    // Bob's third job ran from 3 to 6, his last one until 15; alice held her slot throughout.
    expect(entries.map(({ charged_seconds }) => charged_seconds)).toEqual([2, 4, 5, 16]);
    expect(sums).toMatchObject({ charged_seconds: 27, entries: 4 });
    const [before, after] = [await chargedIn(`?to=${at(4)}`), await chargedIn(`?from=${at(20)}`)];
    expect([before, after]).toEqual([8, 50]);
  });

  it('excludes charges that end when it begins or begin when it ends', async () => {
    expect((await read(`?from=${at(15)}&user=bob`)).entries).toEqual([]);
    expect((await read(`?to=${at(0)}`)).entries).toEqual([]);
  });
});

describe('a time without an offset', () => {
  it('is UTC, whatever the time zone of the machine', async () => {
    const named = await read(`?from=${at(4)}&to=${at(20)}`);
    const without = await read(`?from=${at(4).replace('Z', '')}&to=${at(20).replace('Z', '')}`);
    expect(without).toEqual(named);
    expect(named.sums?.entries).toBe(4);
  });
});

describe('an invalid ledger query', () => {
  it.each([
    ['?from=yesterday', /^from must be a time in ISO 8601/],
    ['?limit=0', /^limit must not be less than 1/],
    ['?limit=1001', /^limit must not be greater than 1000/],
    ['?after=x', /^after must/],
    ['?sum_by=colour', /^each value in sum_by must be one of/],
    ['?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z', /^from .* must be before to/],
  ])('%s: 400', async (query, message) => {
    const answer = await stint.admin.get(`/admin/ledger${query}`);
    expect(errorOf(answer)).toMatchObject({ status: 400, code: 1002 });
    expect(messagesOf(answer)).toContainEqual(expect.stringMatching(message));
  });

  it('with an unknown instance or backend: 404', async () => {
    expect(errorOf(await stint.admin.get('/admin/ledger?instance=none'))).toMatchObject({ status: 404 });
    const backend = errorOf(await stint.admin.get('/admin/ledger?backend=none'));
    expect(backend).toMatchObject({ status: 404, message: 'There is no backend called none.' });
  });

  it('with an unknown user: 400', async () => {
    const user = errorOf(await stint.admin.get('/admin/ledger?user=none'));
    expect(user).toMatchObject({ status: 400, message: expect.stringContaining('Nobody called none') });
  });
});
