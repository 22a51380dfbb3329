import { expect, it } from '@jest/globals';
import type { Session } from '../../src/kernel/session/session.js';
import { seconds } from '../../src/kernel/time.js';
import type { JobFilter, JobRecord, Reads, SessionFilter } from '../../src/scheduler/ports.js';
import { after, givenJob, givenSession, t0 } from '../support/given.js';
import { givenBackend, givenDetails, givenInstance, keepJob, keepSession } from '../support/stored.js';
import { entry } from './given.js';
import type { Given, SuiteOf } from './methods.js';
import { givenToken } from './operators.suite.js';
import { givenEvent } from './records.suite.js';

type Lists = Omit<
  Reads,
  'slots' | 'isAccruing' | 'waiting' | 'forecast' | 'finished' | 'charged' | 'texts' | 'query'
>;

/** Sessions with these ids, each a second older than the one before it. */
async function keepSessions({ write }: Given, said: Record<string, Partial<Session>>): Promise<void> {
  await write(async (tx) => {
    for (const [i, [id, each]] of Object.entries(said).entries())
      await keepSession(tx, givenSession({ createdAt: after(-i), ...each, id }));
  });
}

/** Jobs with these ids, each submitted a second after the one before it. */
async function keepJobs({ write }: Given, said: Record<string, Partial<JobRecord>>): Promise<void> {
  await write(async (tx) => {
    for (const [i, [id, each]] of Object.entries(said).entries()) {
      const { details = givenDetails(), ...job } = { createdAt: after(i), ...each };
      await tx.jobs.insert({ ...givenJob({ ...job, id }), details }, '{}');
    }
  });
}

const sessionsOf = async ({ read }: Given, filter: Partial<SessionFilter>) =>
  (await read.sessions({ limit: 99, ...filter })).map(({ id }) => id);
const jobsOf = async ({ read }: Given, filter: Partial<JobFilter>) =>
  (await read.jobs({ limit: 99, offset: 0, ...filter })).items.map(({ id }) => id);

export const listsSuite: SuiteOf<Lists> = {
  session(given) {
    it('answers the session by its id, or null', async () => {
      const all = await given();
      await keepSessions(all, { s1: {}, s2: { user: 'bob' } });
      expect(await all.read.session('s1')).toEqual(givenSession());
      expect(await all.read.session('s3')).toBeNull();
    });
  },

  sessions(given) {
    it('answers the newest first, and of one moment the highest id', async () => {
      const all = await given();
      await keepSessions(all, {
        s3: { createdAt: t0 },
        s4: { createdAt: t0 },
        s5: {},
        s1: { createdAt: t0 + 1 },
      });
      expect(await sessionsOf(all, {})).toEqual(['s1', 's4', 's3', 's5']);
    });

    it('goes on behind the session that is named, so that pages neither repeat nor leave out', async () => {
      const all = await given();
      await keepSessions(all, {
        s3: { createdAt: t0 },
        s4: { createdAt: t0 },
        s5: {},
        s1: { createdAt: t0 + 1 },
      });
      expect(await sessionsOf(all, { limit: 2 })).toEqual(['s1', 's4']);
      expect(await sessionsOf(all, { limit: 1, after: 's4' })).toEqual(['s3']);
      expect(await sessionsOf(all, { limit: 2, after: 's3' })).toEqual(['s5']);
      expect(await sessionsOf(all, { after: 's5' })).toEqual([]);
      expect(await sessionsOf(all, { after: 'nobody' })).toEqual([]);
    });

    it('narrows by instance, backend, user, mode and states, and by all of them', async () => {
      const all = await given();
      const one = {
        instance: 'lab-b',
        backend: 'b2',
        user: 'bob',
        mode: 'batch',
        state: 'inactive',
      } as const;
      await keepSessions(all, {
        s1: one,
        s2: { ...one, instance: 'lab-a' },
        s3: { ...one, backend: 'b1' },
        s4: { ...one, user: 'alice' },
        s5: { ...one, mode: 'dedicated' },
        s6: { ...one, state: 'open' },
      });
      expect(await sessionsOf(all, { instance: 'lab-a' })).toEqual(['s2']);
      expect(await sessionsOf(all, { backend: 'b1' })).toEqual(['s3']);
      expect(await sessionsOf(all, { user: 'alice' })).toEqual(['s4']);
      expect(await sessionsOf(all, { mode: 'dedicated' })).toEqual(['s5']);
      expect(await sessionsOf(all, { states: ['open', 'closed'] })).toEqual(['s6']);
      const { state, ...others } = one;
      expect(await sessionsOf(all, { ...others, states: [state] })).toEqual(['s1']);
      expect(await sessionsOf(all, { ...others, states: ['open', state] })).toEqual(['s1', 's6']);
      expect(await sessionsOf(all, { ...others, states: [] })).toEqual([]);
    });
  },

  job(given) {
    it('answers the job with its details, or null', async () => {
      const all = await given();
      await keepJobs(all, { j1: {}, j2: { details: givenDetails({ private: true }) } });
      const { seq, ...job } = (await all.read.job('j2')) as JobRecord;
      const { seq: _, ...expected } = givenJob({ id: 'j2', createdAt: after(1) });
      expect(job).toEqual({ ...expected, details: givenDetails({ private: true }) });
      expect(seq).toBeGreaterThan(0);
      expect(await all.read.job('j3')).toBeNull();
    });
  },

  jobs(given) {
    it('answers the newest first or the oldest first, and of one moment by submission', async () => {
      const all = await given();
      await keepJobs(all, { b: { createdAt: t0 }, a: { createdAt: t0 }, old: { createdAt: t0 - 1 } });
      expect(await jobsOf(all, {})).toEqual(['a', 'b', 'old']);
      expect(await jobsOf(all, { oldestFirst: true })).toEqual(['old', 'b', 'a']);
    });

    it('answers a page with its details, and how many there are in all', async () => {
      const all = await given();
      await keepJobs(all, {
        j0: {},
        j1: { details: givenDetails({ cost: 2 }) },
        j2: {},
        other: { program: 'x' },
      });
      const page = await all.read.jobs({ program: 'sampler', limit: 1, offset: 1 });
      expect(page.total).toBe(3);
      expect(page.items).toEqual([await all.read.job('j1')]);
      expect(await all.read.jobs({ limit: 0, offset: 0 })).toEqual({ items: [], total: 4 });
      expect(await all.read.jobs({ limit: 9, offset: 9 })).toEqual({ items: [], total: 4 });
    });

    it('narrows by instance, backend, program, session and states, and by all of them', async () => {
      const all = await given();
      const one = { instance: 'lab-b', backend: 'b2', program: 'x', session: 's1', state: 'failed' } as const;
      await keepJobs(all, {
        j1: one,
        j2: { ...one, instance: 'lab-a' },
        j3: { ...one, backend: 'b1' },
        j4: { ...one, program: 'y' },
        j5: { ...one, session: null },
        j6: { ...one, session: 's2' },
        j7: { ...one, state: 'queued' },
      });
      expect(await jobsOf(all, { instance: 'lab-a' })).toEqual(['j2']);
      expect(await jobsOf(all, { backend: 'b1' })).toEqual(['j3']);
      expect(await jobsOf(all, { program: 'y' })).toEqual(['j4']);
      expect(await jobsOf(all, { session: 's2' })).toEqual(['j6']);
      expect(await jobsOf(all, { states: ['queued', 'running'] })).toEqual(['j7']);
      const { state, ...others } = one;
      expect(await jobsOf(all, { ...others, states: [state] })).toEqual(['j1']);
      expect(await jobsOf(all, { ...others, states: ['queued', state] })).toEqual(['j7', 'j1']);
      expect(await jobsOf(all, { ...others, states: [] })).toEqual([]);
    });

    it('narrows to what a user submitted or is charged for', async () => {
      const all = await given();
      await keepJobs(all, {
        own: { user: 'bob', chargedTo: 'bob' },
        submitted: { user: 'bob', chargedTo: 'alice' },
        paid: { user: 'alice', chargedTo: 'bob' },
        others: { user: 'alice', chargedTo: 'alice' },
      });
      expect(await jobsOf(all, { onlyOf: 'bob' })).toEqual(['paid', 'submitted', 'own']);
    });

    it('narrows to those that have all tags', async () => {
      const all = await given();
      const tagged = (...tags: string[]) => ({ details: givenDetails({ tags }) });
      await keepJobs(all, {
        none: {},
        x: tagged('x'),
        y: tagged('y'),
        both: tagged('x', 'y'),
        like: tagged('xx'),
      });
      expect(await jobsOf(all, { tags: ['x'] })).toEqual(['both', 'x']);
      expect(await jobsOf(all, { tags: ['x', 'y', 'x'] })).toEqual(['both']);
      expect(await jobsOf(all, { tags: [] })).toHaveLength(5);
    });

    it('narrows by the time of submission, both ends included', async () => {
      const all = await given();
      await keepJobs(all, { j0: {}, j1: {}, j2: {}, j3: {} });
      expect(await jobsOf(all, { createdFrom: after(1), createdTo: after(2) })).toEqual(['j2', 'j1']);
      expect(await jobsOf(all, { createdFrom: after(3) })).toEqual(['j3']);
      expect(await jobsOf(all, { createdTo: after(0) })).toEqual(['j0']);
    });
  },

  params(given) {
    it('answers what the job was submitted with, byte for byte, or null', async () => {
      const { read, write } = await given();
      const text = '{"n": 1.0, "s": "\\u00e9 é 𝄞", "big": 12345678901234567890}';
      await write((tx) => tx.jobs.insert({ ...givenJob(), details: givenDetails() }, text));
      await write((tx) => tx.jobs.insert({ ...givenJob({ id: 'j2' }), details: givenDetails() }, ''));
      expect(await read.params('j1')).toBe(text);
      expect(await read.params('j2')).toBe('');
      expect(await read.params('j3')).toBeNull();
    });
  },

  result(given) {
    it('answers what the job has found, or null', async () => {
      const { read, write } = await given();
      await write((tx) => keepJob(tx, givenJob()));
      expect(await read.result('j1')).toBeNull();
      await write((tx) => tx.jobs.saveResult('j1', '[1.0]'));
      expect(await read.result('j1')).toBe('[1.0]');
      expect(await read.result('j2')).toBeNull();
    });
  },

  logs(given) {
    it('answers nothing where nothing was said', async () => {
      const { read } = await given();
      expect(await read.logs('j1')).toEqual([]);
    });
  },

  backend(given) {
    it('answers the backend by its name, or null', async () => {
      const { read } = await given();
      expect(await read.backend('b2')).toEqual(givenBackend({ name: 'b2' }));
      expect(await read.backend('b3')).toBeNull();
    });
  },

  backends(given) {
    it('answers all of them, the oldest first, then by name', async () => {
      const { read, write } = await given();
      await write(async ({ backends }) => {
        await backends.insert(givenBackend({ name: 'a1', createdAt: t0 + 1 }));
        await backends.insert(givenBackend({ name: 'z1', createdAt: t0 - 1 }));
        await backends.insert(givenBackend({ name: 'b0' }));
      });
      expect((await read.backends()).map(({ name }) => name)).toEqual(['z1', 'b0', 'b1', 'b2', 'a1']);
    });
  },

  instance(given) {
    it('answers the instance by its id, or null', async () => {
      const { read } = await given();
      expect(await read.instance('lab-b')).toEqual(givenInstance({ id: 'lab-b' }));
      expect(await read.instance('lab-c')).toBeNull();
    });
  },

  instanceByCrn(given) {
    it('answers the instance by its CRN, or null', async () => {
      const { read } = await given();
      expect((await read.instanceByCrn('crn:lab-b'))?.id).toBe('lab-b');
      expect(await read.instanceByCrn('lab-b')).toBeNull();
    });
  },

  instances(given) {
    it('answers all of them, the oldest first, then by id', async () => {
      const { read, write } = await given();
      await write(async ({ instances }) => {
        await instances.insert(givenInstance({ id: 'a', createdAt: t0 + 1 }));
        await instances.insert(givenInstance({ id: 'z', createdAt: t0 - 1 }));
        await instances.insert(givenInstance({ id: 'lab-0' }));
      });
      expect((await read.instances()).map(({ id }) => id)).toEqual(['z', 'lab-0', 'lab-a', 'lab-b', 'a']);
    });
  },

  token(given) {
    it('answers the token by its id, or null', async () => {
      const { read, write } = await given();
      await write((tx) => tx.tokens.insert(givenToken()));
      expect(await read.token('t1')).toEqual(givenToken());
      expect(await read.token('h1')).toBeNull();
    });
  },

  tokenByHash(given) {
    it('answers the token by its hash, revoked or not, or null', async () => {
      const { read, write } = await given();
      await write((tx) => tx.tokens.insert(givenToken()));
      await write((tx) => tx.tokens.revoke('t1', after(1)));
      expect((await read.tokenByHash('h1'))?.revokedAt).toBe(after(1));
      expect(await read.tokenByHash('t1')).toBeNull();
    });
  },

  tokens(given) {
    it('answers all of them, the oldest first, then by id', async () => {
      const { read, write } = await given();
      for (const [id, at] of [
        ['b', 1],
        ['c', 0],
        ['a', 1],
      ] as const)
        await write((tx) => tx.tokens.insert(givenToken({ id, hash: id, createdAt: after(at) })));
      expect((await read.tokens()).map(({ id }) => id)).toEqual(['c', 'a', 'b']);
    });
  },

  events(given) {
    const keep = async (all: Given) => {
      await all.write(async ({ events }) => {
        await events.append(givenEvent({ actor: 'a', instance: 'lab-a', session: 's1' }));
        await events.append(givenEvent({ actor: 'all' }));
        await events.append(givenEvent({ actor: 'b', instance: 'lab-b', session: 's2' }));
        await events.append(givenEvent({ actor: 'a2', instance: 'lab-a', session: 's2' }));
        await events.append(givenEvent({ actor: 'all2', session: 's1' }));
      });
      return all;
    };
    const actors = async ({ read }: Given, filter: object) =>
      (await read.events({ after: 0, limit: 99, ...filter })).map(({ actor }) => actor);

    it('answers those behind the one that is named, the oldest first, and no more than so many', async () => {
      const all = await keep(await given());
      const every = await all.read.events({ after: 0, limit: 99 });
      expect(every.map(({ actor }) => actor)).toEqual(['a', 'all', 'b', 'a2', 'all2']);
      expect(await actors(all, { after: every[2]?.id })).toEqual(['a2', 'all2']);
      expect(await actors(all, { after: every[0]?.id, limit: 2 })).toEqual(['all', 'b']);
    });

    it('shows an instance what concerns it, and what concerns all', async () => {
      const all = await keep(await given());
      expect(await actors(all, { instance: 'lab-a' })).toEqual(['a', 'all', 'a2', 'all2']);
      expect(await actors(all, { instance: 'lab-a', limit: 3 })).toEqual(['a', 'all', 'a2']);
      const [, second] = await all.read.events({ after: 0, limit: 2 });
      expect(await actors(all, { instance: 'lab-a', after: second?.id })).toEqual(['a2', 'all2']);
    });

    it('narrows to a session', async () => {
      const all = await keep(await given());
      expect(await actors(all, { session: 's2' })).toEqual(['b', 'a2']);
      expect(await actors(all, { session: 's1', instance: 'lab-b' })).toEqual(['all2']);
    });
  },

  lastEvent(given) {
    it('is the number of the last event, and 0 before the first', async () => {
      const { read, write } = await given();
      expect(await read.lastEvent()).toBe(0);
      for (let n = 0; n < 3; n += 1) await write((tx) => tx.events.append(givenEvent()));
      expect(await read.lastEvent()).toBe((await read.events({ after: 0, limit: 9 })).at(-1)?.id);
    });
  },

  ledger(given) {
    const keep = async (all: Given) => {
      const said = { instance: 'lab-b', backend: 'b2', user: 'bob' };
      await all.write((tx) =>
        tx.ledger.append([
          entry(0, 10, { ...said, job: 'j1' }),
          entry(10, 20, { ...said, instance: 'lab-a', job: 'j2' }),
          entry(20, 30, { ...said, backend: 'b1', job: 'j3' }),
          entry(30, 40, { ...said, user: 'alice', job: 'j4' }),
        ]),
      );
      return all;
    };
    const jobs = async ({ read }: Given, filter: object, page?: object) =>
      (await read.ledger(filter, page)).map(({ job }) => job);

    it('narrows by instance, backend and user, and by all of them', async () => {
      const all = await keep(await given());
      expect(await jobs(all, {})).toEqual(['j1', 'j2', 'j3', 'j4']);
      expect(await jobs(all, { instance: 'lab-a' })).toEqual(['j2']);
      expect(await jobs(all, { backend: 'b1' })).toEqual(['j3']);
      expect(await jobs(all, { user: 'alice' })).toEqual(['j4']);
      expect(await jobs(all, { instance: 'lab-b', backend: 'b2', user: 'bob' })).toEqual(['j1']);
    });

    it('answers what overlaps the time: what only touches it does not', async () => {
      const all = await keep(await given());
      expect(await jobs(all, { from: after(10), to: after(20) })).toEqual(['j2']);
      expect(await jobs(all, { from: after(10) - 1, to: after(20) + 1 })).toEqual(['j1', 'j2', 'j3']);
      expect(await jobs(all, { from: after(30) })).toEqual(['j4']);
      expect(await jobs(all, { to: after(10) })).toEqual(['j1']);
    });

    it('answers a page behind the entry that is named', async () => {
      const all = await keep(await given());
      const [first] = await all.read.ledger({}, { limit: 1 });
      expect(await jobs(all, {}, { after: first?.id, limit: 2 })).toEqual(['j2', 'j3']);
      expect(await jobs(all, { backend: 'b2' }, { after: first?.id, limit: 2 })).toEqual(['j2', 'j4']);
      expect(await jobs(all, {}, { after: first?.id })).toEqual(['j2', 'j3', 'j4']);
    });
  },

  ledgerSums(given) {
    it('adds up nothing to nothing', async () => {
      const { read } = await given();
      expect(await read.ledgerSums({}, [])).toEqual({ charged: 0, entries: 0, groups: [], groupsLeftOff: 0 });
      expect((await read.ledgerSums({}, ['user'])).groups).toEqual([]);
    });

    it('adds up by what is asked, the largest first, then by name', async () => {
      const { read, write } = await given();
      await write((tx) =>
        tx.ledger.append([
          entry(0, 1, { user: 'zoe' }),
          entry(0, 3, { user: 'bob', session: 's1' }),
          entry(0, 4, { user: 'bob', backend: 'b2' }),
          entry(0, 1, { user: 'ann', instance: 'lab-b' }),
        ]),
      );
      const sum = (charged: number, entries: number) => ({ charged: seconds(charged), entries });
      const [zoe, bob, ann] = [{ user: 'zoe' }, { user: 'bob' }, { user: 'ann' }];
      expect(await read.ledgerSums({}, ['user', 'user'])).toEqual({
        ...sum(9, 4),
        groups: [
          { ...bob, ...sum(7, 2) },
          { ...ann, ...sum(1, 1) },
          { ...zoe, ...sum(1, 1) },
        ],
        groupsLeftOff: 0,
      });
      expect(await read.ledgerSums({ instance: 'lab-a' }, ['backend', 'session'])).toEqual({
        ...sum(8, 3),
        groups: [
          { backend: 'b2', session: null, ...sum(4, 1) },
          { backend: 'b1', session: 's1', ...sum(3, 1) },
          { backend: 'b1', session: null, ...sum(1, 1) },
        ],
        groupsLeftOff: 0,
      });
    });

    it('counts of an entry only the part inside the asked time', async () => {
      const { read, write } = await given();
      await write((tx) => tx.ledger.append([entry(0, 10), entry(4, 6), entry(8, 20), entry(20, 30)]));
      const inside = await read.ledgerSums({ from: after(5), to: after(20) }, ['instance']);
      expect(inside).toMatchObject({ charged: seconds(5 + 1 + 12), entries: 3 });
      expect(inside.groups).toEqual([{ instance: 'lab-a', charged: seconds(18), entries: 3 }]);
      expect(await read.ledgerSums({ from: after(25) }, [])).toMatchObject({
        charged: seconds(5),
        entries: 1,
      });
    });

    it('shows the thousand largest groups and says how many there are more', async () => {
      const { read, write } = await given();
      const many = Array.from({ length: 1003 }, (_, n) => entry(0, n + 1, { session: `s${n + 1}` }));
      await write((tx) => tx.ledger.append(many));
      const { groups, groupsLeftOff, entries } = await read.ledgerSums({}, ['session']);
      expect([groups.length, groupsLeftOff, entries]).toEqual([1000, 3, 1003]);
      expect([groups[0]?.session, groups.at(-1)?.session]).toEqual(['s1003', 's4']);
    });
  },
};
