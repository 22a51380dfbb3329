import { expect, it } from '@jest/globals';
import type {
  LearnSessionFilter,
  ModelFilter,
  NexosisReads,
} from '../../src/dialects/nexosis/storage/ports.js';
import { after, givenJob, givenSession, t0 } from '../support/given.js';
import { keepJob, keepSession } from '../support/stored.js';
import { fullSession } from './given.js';
import type { Given, SuiteOf } from './methods.js';
import {
  anImport,
  bodies,
  keepDataSets,
  keepDeliveries,
  keepLearned,
  keepModels,
  reads,
  write,
} from './nexosis-given.js';
import { givenEvent } from './records.suite.js';

type AnswersReads = Omit<
  NexosisReads,
  'dataSet' | 'dataSetById' | 'dataSets' | 'rows' | 'countRows' | 'rowsAfter' | 'lastTime' | 'view' | 'views'
>;

export const nexosisAnswersReadsSuite: SuiteOf<AnswersReads> = {
  session(given) {
    it('returns the state of its job, and why its session closed if the job ended with it', async () => {
      const all = await given();
      await keepLearned(all, {}, {});
      const ended = {
        state: 'cancelled',
        reason: 'r',
        endCode: 'session_closed',
        endedAt: after(9),
      } as const;
      await all.write(async (tx) => {
        await keepSession(tx, { ...fullSession, id: 'l0' });
        await keepJob(tx, givenJob({ id: 'j0', maxExecutionTime: 77, ...ended }));
        await keepSession(tx, givenSession({ id: 'l1', startedAt: after(2) }));
        await keepJob(tx, givenJob({ id: 'j1', state: 'running', startedAt: after(3) }));
      });
      const { closeCode, stateReason, limits } = fullSession;
      expect(await reads(all).session('l0')).toMatchObject({
        ...{ jobState: 'cancelled', jobReason: 'r', jobEndCode: 'session_closed', jobLimit: 77 },
        ...{
          startedAt: fullSession.startedAt,
          endedAt: after(9),
          ending: { closeCode, stateReason, limits },
        },
      });
      expect(await reads(all).session('l1')).toMatchObject({
        jobState: 'running',
        startedAt: after(2),
        ending: null,
      });
      expect(await reads(all).session('l2')).toBeNull();
    });
  },
  sessionOfJob(given) {
    it('returns the session that a job belongs to, or null', async () => {
      const all = await given();
      await keepLearned(all, {}, {});
      expect([(await reads(all).sessionOfJob('j1'))?.id, await reads(all).sessionOfJob('l1')]).toEqual([
        'l1',
        null,
      ]);
    });
  },
  eventsOfSessions(given) {
    it('returns events of these types for jobs of sessions, after one event up to another, in order', async () => {
      const all = await given();
      await keepLearned(all, {}, {});
      await all.write(async ({ events }) => {
        for (const [job, type] of [
          ...([
            ['j0', 'job.queued'],
            ['other', 'job.queued'],
            ['j1', 'job.running'],
          ] as const),
          ...([
            ['j0', 'job.completed'],
            ['j1', 'job.queued'],
            ['j0', 'job.queued'],
          ] as const),
        ])
          await events.append(givenEvent({ job, type }));
      });
      const ids = (await all.read.events({ after: 0, limit: 9 })).map(({ id }) => id);
      const base = { types: ['job.queued', 'job.running'], after: 0, upTo: ids[5] ?? 0, limit: 9 } as const;
      const found = async (overrides: object) =>
        (await reads(all).eventsOfSessions({ ...base, ...overrides })).map(({ id }) => ids.indexOf(id));
      expect(await found({})).toEqual([0, 2, 4, 5]);
      expect(await found({ after: ids[0], upTo: ids[4] })).toEqual([2, 4]);
      expect(await found({ limit: 2 })).toEqual([0, 2]);
      expect(await found({ types: ['job.completed'] })).toEqual([3]);
    });
  },
  sessions(given) {
    const list = async (all: Given, overrides: Partial<LearnSessionFilter>) => {
      const base = { instance: 'lab-a', sortBy: 'id', descending: false, limit: 9, offset: 0 } as const;
      const { items, total } = await reads(all).sessions({ ...base, ...overrides });
      return [items.map(({ id }) => id).join(' '), total];
    };
    it('filters by instance, user, source, event, type, time and model', async () => {
      const all = await given();
      await keepLearned(
        all,
        { requestedAt: after(1), user: 'bob', source: 'Other' },
        { requestedAt: after(2), eventName: 'Big Sale', domain: 'impact' },
        { requestedAt: after(3), domain: 'regression', modelId: 'm' },
        { instance: 'lab-b' },
      );
      expect(await list(all, {})).toEqual(['l0 l1 l2', 3]);
      expect(await list(all, { user: 'bob' })).toEqual(['l0', 1]);
      expect(await list(all, { source: 'oTHER' })).toEqual(['l0', 1]);
      expect(await list(all, { eventName: 'g SA' })).toEqual(['l1', 1]);
      expect(await list(all, { type: 'impact' })).toEqual(['l1', 1]);
      expect(await list(all, { type: 'model' })).toEqual(['l2', 1]);
      expect(await list(all, { modelId: 'm' })).toEqual(['l2', 1]);
      expect(await list(all, { from: after(2), to: after(3) })).toEqual(['l1 l2', 2]);
      expect(await list(all, { to: after(3) - 1 })).toEqual(['l0 l1', 2]);
      expect(await list(all, { limit: 1, offset: 1 })).toEqual(['l1', 3]);
    });
    it('sorts by the requested member, then by id, in either direction', async () => {
      const all = await given();
      await keepLearned(
        all,
        { name: 'b', domain: 'impact', source: 'Z', requestedAt: after(2) },
        { name: 'A', domain: 'forecast', source: 'y', requestedAt: after(1) },
        { name: 'b', domain: 'forecast', source: 'X', requestedAt: after(3) },
      );
      await all.write(async (tx) => {
        await keepJob(tx, givenJob({ id: 'j0', state: 'completed', endedAt: t0 }));
        await keepJob(tx, givenJob({ id: 'j1', state: 'running' }));
        await keepJob(tx, givenJob({ id: 'j2', state: 'failed', endedAt: t0 }));
      });
      const by = async (sortBy: LearnSessionFilter['sortBy'], descending = false) =>
        (await list(all, { sortBy, descending }))[0];
      expect([await by('id', true), await by('name'), await by('name', true)]).toEqual([
        'l2 l1 l0',
        'l1 l0 l2',
        'l2 l0 l1',
      ]);
      expect([await by('type'), await by('status')]).toEqual(['l1 l2 l0', 'l0 l2 l1']);
      expect([await by('dataSourceName'), await by('requestedDate')]).toEqual(['l2 l1 l0', 'l1 l0 l2']);
    });
  },
  table(given) {
    it('returns the rows of these chunks in order, both ends included', async () => {
      const all = await given();
      for (const chunk of [3, 1, 0, 2])
        await write(all, (tx) => tx.tables.append('l1', 'x', chunk, [[`${chunk}a`], [`${chunk}b`]]));
      await write(all, (tx) => tx.tables.append('l1', 'y', 1, [['other']]));
      expect((await reads(all).table('l1', 'x', 1, 2)).flat()).toEqual(['1a', '1b', '2a', '2b']);
      expect(await reads(all).table('l2', 'x', 0, 9)).toEqual([]);
    });
  },
  model(given) {
    it('returns null if there is none', async () => {
      expect(await reads(await given()).model('m1')).toBeNull();
    });
  },
  models(given) {
    it('returns a page of those that match, in the requested order', async () => {
      const all = await given();
      await keepModels(
        all,
        { id: 'm1', name: 'b', source: 'Z', domain: 'regression', createdAt: after(2), lastUsedAt: after(7) },
        { id: 'm2', name: 'A', source: 'y', domain: 'anomalies', createdAt: after(1), lastUsedAt: after(9) },
        { id: 'm3', name: 'c', source: 'X', domain: 'anomalies', createdAt: after(3), lastUsedAt: after(8) },
        { id: 'm4', instance: 'lab-b' },
      );
      const list = async (overrides: Partial<ModelFilter>) => {
        const base = { instance: 'lab-a', sortBy: 'id', descending: false, limit: 9, offset: 0 } as const;
        const { items, total } = await reads(all).models({ ...base, ...overrides });
        return [items.map(({ id }) => id).join(' '), total];
      };
      expect(await list({ descending: true })).toEqual(['m3 m2 m1', 3]);
      expect(await list({ sortBy: 'modelName' })).toEqual(['m2 m1 m3', 3]);
      expect(await list({ sortBy: 'dataSourceName' })).toEqual(['m3 m2 m1', 3]);
      expect(await list({ sortBy: 'type' })).toEqual(['m2 m3 m1', 3]);
      expect(await list({ sortBy: 'createdDate' })).toEqual(['m2 m1 m3', 3]);
      expect(await list({ sortBy: 'lastUsedDate' })).toEqual(['m1 m3 m2', 3]);
      expect(await list({ limit: 1, offset: 1 })).toEqual(['m2', 3]);
      expect(await list({ source: 'z' })).toEqual(['m1', 1]);
      expect(await list({ from: after(2), to: after(3) })).toEqual(['m1 m3', 2]);
      expect(await list({ from: after(1) + 1, to: after(3) - 1 })).toEqual(['m1', 1]);
    });
  },
  import(given) {
    it('returns null if there is none', async () => {
      expect(await reads(await given()).import('i1')).toBeNull();
    });
  },
  imports(given) {
    it('returns those of this instance, the latest first, and on a tie the highest id', async () => {
      const all = await given();
      for (const [id, s] of [
        ['b', 1],
        ['a', 2],
        ['c', 1],
      ] as const)
        await write(all, (tx) => tx.imports.save(anImport({ id, requestedAt: after(s) })));
      await write(all, (tx) => tx.imports.save(anImport({ id: 'x', instance: 'lab-b' })));
      expect((await reads(all).imports('lab-a')).map(({ id }) => id)).toEqual(['a', 'c', 'b']);
    });
  },
  dueDeliveries(given) {
    it('returns the first of each session if that one is due, up to a limit', async () => {
      const all = await given();
      await keepDeliveries(
        all,
        { session: 's1', body: '1', dueAt: after(9) },
        { session: 's1', body: '1 later', dueAt: after(1) },
        { session: 's3', body: '3', dueAt: after(5) },
        { session: 's2', body: '2', dueAt: after(5) },
        { session: 's2', body: '2 later', dueAt: after(5) },
      );
      expect(await bodies(all, after(5) - 1)).toEqual([]);
      expect(await bodies(all, after(5))).toEqual(['3', '2']);
      expect(await bodies(all, after(9))).toEqual(['1', '3', '2']);
      expect(await bodies(all, after(9), 2)).toEqual(['1', '3']);
    });
  },
  counts(given) {
    it('counts what the instance stores', async () => {
      const all = await given();
      await keepDataSets(
        all,
        {},
        { name: 'b' },
        { name: 'new', state: 'new' },
        { name: 'c', instance: 'lab-b' },
      );
      await keepLearned(all, {}, { instance: 'lab-b' }, { instance: 'lab-b' });
      expect(await reads(all).counts('lab-a')).toEqual({ dataSets: 2, sessions: 1, predictions: 0 });
      expect(await reads(all).counts('lab-b')).toEqual({ dataSets: 1, sessions: 2, predictions: 0 });
    });
  },
};
