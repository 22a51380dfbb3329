import { expect, it } from '@jest/globals';
import type { Session } from '../../src/kernel/session/session.js';
import type { JobFilter, JobRecord, Reads, SessionFilter } from '../../src/scheduler/ports.js';
import { after, givenJob, givenSession, t0 } from '../support/given.js';
import { givenDetails, keepJob, keepSession } from '../support/stored.js';
import type { Given, SuiteOf } from './methods.js';

type Lists = Pick<Reads, 'session' | 'sessions' | 'job' | 'jobs' | 'params' | 'result' | 'logs'>;

/** Stores sessions with these ids, each created a second before the previous one. */
async function keepSessions({ write }: Given, overrides: Record<string, Partial<Session>>): Promise<void> {
  await write(async (tx) => {
    for (const [i, [id, each]] of Object.entries(overrides).entries())
      await keepSession(tx, givenSession({ createdAt: after(-i), ...each, id }));
  });
}

/** Stores jobs with these ids, each submitted a second after the previous one. */
async function keepJobs({ write }: Given, overrides: Record<string, Partial<JobRecord>>): Promise<void> {
  await write(async (tx) => {
    for (const [i, [id, each]] of Object.entries(overrides).entries()) {
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
    it('returns the session by its id, or null', async () => {
      const all = await given();
      await keepSessions(all, { s1: {}, s2: { user: 'bob' } });
      expect(await all.read.session('s1')).toEqual(givenSession());
      expect(await all.read.session('s3')).toBeNull();
    });
  },

  sessions(given) {
    it('returns the newest first, and on a tie the highest id', async () => {
      const all = await given();
      await keepSessions(all, {
        s3: { createdAt: t0 },
        s4: { createdAt: t0 },
        s5: {},
        s1: { createdAt: t0 + 1 },
      });
      expect(await sessionsOf(all, {})).toEqual(['s1', 's4', 's3', 's5']);
    });

    it('continues after the given session, so that pages neither repeat nor skip', async () => {
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

    it('filters by instance, backend, user, mode and states, and by all of them', async () => {
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
    it('returns the job with its details, or null', async () => {
      const all = await given();
      await keepJobs(all, { j1: {}, j2: { details: givenDetails({ private: true }) } });
      const seq = (await all.read.job('j2'))?.seq ?? 0;
      expect(seq).toBeGreaterThan(0);
      const job = givenJob({ id: 'j2', seq, createdAt: after(1) });
      expect(await all.read.job('j2')).toEqual({ ...job, details: givenDetails({ private: true }) });
      expect(await all.read.job('j3')).toBeNull();
    });
  },

  jobs(given) {
    it('returns the newest or the oldest first, and on a tie goes by submission', async () => {
      const all = await given();
      await keepJobs(all, { b: { createdAt: t0 }, a: { createdAt: t0 }, old: { createdAt: t0 - 1 } });
      expect(await jobsOf(all, {})).toEqual(['a', 'b', 'old']);
      expect(await jobsOf(all, { oldestFirst: true })).toEqual(['old', 'b', 'a']);
    });

    it('returns a page with details, and the total count', async () => {
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

    it('filters by instance, backend, program, session and states, and by all of them', async () => {
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

    it('filters by the user who submitted or is charged', async () => {
      const all = await given();
      await keepJobs(all, {
        own: { user: 'bob', chargedTo: 'bob' },
        submitted: { user: 'bob', chargedTo: 'alice' },
        paid: { user: 'alice', chargedTo: 'bob' },
        others: { user: 'alice', chargedTo: 'alice' },
      });
      expect(await jobsOf(all, { onlyOf: 'bob' })).toEqual(['paid', 'submitted', 'own']);
    });

    it('filters by tags, all of which a job must have', async () => {
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

    it('filters by the time of submission, both ends included', async () => {
      const all = await given();
      await keepJobs(all, { j0: {}, j1: {}, j2: {}, j3: {} });
      expect(await jobsOf(all, { createdFrom: after(1), createdTo: after(2) })).toEqual(['j2', 'j1']);
      expect(await jobsOf(all, { createdFrom: after(3) })).toEqual(['j3']);
      expect(await jobsOf(all, { createdTo: after(0) })).toEqual(['j0']);
    });
  },

  params(given) {
    it('returns the submitted params, byte for byte, or null', async () => {
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
    it('returns the result of the job, or null', async () => {
      const { read, write } = await given();
      await write((tx) => keepJob(tx, givenJob()));
      expect(await read.result('j1')).toBeNull();
      await write((tx) => tx.jobs.saveResult('j1', '[1.0]'));
      expect(await read.result('j1')).toBe('[1.0]');
      expect(await read.result('j2')).toBeNull();
    });
  },

  logs(given) {
    it('returns an empty list without log lines', async () => {
      const { read } = await given();
      expect(await read.logs('j1')).toEqual([]);
    });
  },
};
