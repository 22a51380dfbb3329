import { expect, it } from '@jest/globals';
import type {
  Delivery,
  Import,
  LearnSessionFilter,
  Model,
  ModelFilter,
  NexosisReads,
  NexosisTx,
  Outcome,
} from '../../src/dialects/nexosis/storage/ports.js';
import { after, givenJob, givenSession, t0 } from '../support/given.js';
import { keepJob, keepSession } from '../support/stored.js';
import { everySaid } from './given.js';
import type { Given, SuiteOf } from './methods.js';
import { keepDataSets, keepLearned, learnSession, reads, write } from './nexosis-given.js';
import { givenEvent } from './records.suite.js';

const algorithm = { name: 'a', description: 'd', key: 'k' };
const outcome: Outcome = {
  ...{ metrics: { mae: 1.5 }, algorithm, intervals: ['0.5'], messages: [], contestants: [], selection: null },
  ...{ tables: { results: { columns: ['x'], count: 2 } }, confusion: null, classes: [], importance: null },
};
const model = (said: Partial<Model> = {}): Model => ({
  ...{
    id: 'm1',
    instance: 'lab-a',
    user: 'alice',
    session: 'l1',
    name: 'n',
    domain: 'regression',
    source: 'Data',
  },
  ...{
    target: 't',
    algorithm,
    columns: [],
    metrics: { r2: 0.5 },
    sha256: 'x',
    createdAt: t0,
    lastUsedAt: null,
  },
  ...said,
});
const keepModels = (all: Given, ...said: Partial<Model>[]) =>
  write(all, async ({ models }) => {
    for (const each of said) await models.save(model(each));
  });
const anImport = (said: Partial<Import> = {}): Import => ({
  ...{
    id: 'i1',
    instance: 'lab-a',
    dataSet: 'Data',
    type: 'url',
    status: 'requested',
    history: [],
    parameters: {},
  },
  ...{ columns: {}, messages: [], requestedAt: t0 },
  ...said,
});
const delivery = (said: Partial<Delivery> = {}): Omit<Delivery, 'id'> => ({
  ...{ session: 'l1', url: 'http://x', token: 't', body: 'b', attempts: 0, dueAt: t0 },
  ...said,
});
const keepDeliveries = (all: Given, ...said: Partial<Delivery>[]) =>
  write(all, async ({ deliveries }) => {
    for (const each of said) await deliveries.insert(delivery(each));
  });
const due = async (all: Given, at = after(99), limit = 9) => reads(all).dueDeliveries(at, limit);
const bodies = async (all: Given, at?: number, limit?: number) =>
  (await due(all, at, limit)).map(({ body }) => body);

type AnswersTx = Omit<NexosisTx, 'dataSets' | 'rows' | 'views'>;

export const nexosisAnswersTxSuite: SuiteOf<AnswersTx> = {
  sessions: {
    insert(given) {
      it('keeps every member, and the nulls', async () => {
        const all = await given();
        const whole = learnSession({
          ...{
            id: 'whole',
            job: 'jw',
            eventName: 'e',
            start: '2020-01-01T00:00:00Z',
            end: 'z',
            interval: 'day',
          },
          ...{
            callbackUrl: 'http://c',
            token: 't',
            missingValues: ['NA'],
            extra: { a: 1 },
            modelId: 'm',
            outcome,
          },
          messages: [{ severity: 'warning', message: 'm' }],
        });
        await keepLearned(all, whole, { id: 'l1', job: 'j1' });
        const more = { progress: null, jobState: null, jobReason: null, jobEndCode: null, jobLimit: 0 };
        const none = { ...more, ending: null, startedAt: null, endedAt: null };
        expect(await reads(all).session('whole')).toEqual({ ...whole, ...none });
        expect(await reads(all).session('l1')).toEqual({ ...learnSession(), ...none });
      });
    },
    saveOutcome(given) {
      it('keeps what was found, for this session', async () => {
        const all = await given();
        await keepLearned(all, {}, {});
        await write(all, (tx) => tx.sessions.saveOutcome('l0', outcome));
        expect([
          (await reads(all).session('l0'))?.outcome,
          (await reads(all).session('l1'))?.outcome,
        ]).toEqual([outcome, null]);
      });
    },
    addMessage(given) {
      it('puts a message behind those that are there', async () => {
        const all = await given();
        await keepLearned(all, {}, {});
        const [one, two] = [
          { severity: 'debug', message: 'z' },
          { severity: 'error', message: 'a' },
        ] as const;
        for (const message of [one, two]) await write(all, (tx) => tx.sessions.addMessage('l0', message));
        expect([
          (await reads(all).session('l0'))?.messages,
          (await reads(all).session('l1'))?.messages,
        ]).toEqual([[one, two], []]);
      });
    },
    saveProgress(given) {
      it('keeps the latest, for this session', async () => {
        const all = await given();
        await keepLearned(all, {}, {});
        for (const text of ['a', 'b']) await write(all, (tx) => tx.sessions.saveProgress('l0', text));
        expect([
          (await reads(all).session('l0'))?.progress,
          (await reads(all).session('l1'))?.progress,
        ]).toEqual(['b', null]);
      });
    },
    remove(given) {
      it('leaves nothing of this session', async () => {
        const all = await given();
        await keepLearned(all, {}, {});
        await write(all, (tx) => tx.sessions.remove('l0'));
        expect([await reads(all).session('l0'), (await reads(all).session('l1'))?.id]).toEqual([null, 'l1']);
      });
    },
    find(given) {
      it('sees what its own transaction has stored, or null', async () => {
        const all = await given();
        const found = await write(all, async ({ sessions }) => {
          await sessions.insert(learnSession());
          return [(await sessions.find('l1'))?.name, await sessions.find('j1')];
        });
        expect(found).toEqual(['n', null]);
      });
    },
  },

  tables: {
    append(given) {
      it('puts a chunk of rows under its number, once', async () => {
        const all = await given();
        const append = (chunk: number, ...values: string[]) =>
          write(all, (tx) => tx.tables.append('l1', 'results', chunk, [values]));
        await append(1, 'b', '');
        await append(0, 'a', 'é');
        expect(await reads(all).table('l1', 'results', 0, 9)).toEqual([
          ['a', 'é'],
          ['b', ''],
        ]);
        await expect(append(1, 'again')).rejects.toThrow();
      });
    },
    removeOf(given) {
      it('removes all tables of this owner', async () => {
        const all = await given();
        for (const [owner, table] of [
          ['l1', 'x'],
          ['l1', 'y'],
          ['l2', 'x'],
        ] as const)
          await write(all, (tx) => tx.tables.append(owner, table, 0, [[owner]]));
        await write(all, (tx) => tx.tables.removeOf('l1'));
        const left = async (owner: string, table: string) =>
          (await reads(all).table(owner, table, 0, 9)).length;
        expect([await left('l1', 'x'), await left('l1', 'y'), await left('l2', 'x')]).toEqual([0, 0, 1]);
      });
    },
  },

  models: {
    save(given) {
      it('keeps every member, and another one in the place of one with this id', async () => {
        const all = await given();
        await keepModels(all, {}, { id: 'm2', name: null });
        expect([await reads(all).model('m1'), await reads(all).model('m2')]).toEqual([
          model(),
          model({ id: 'm2', name: null }),
        ]);
        await keepModels(all, { target: 'other' });
        expect((await reads(all).model('m1'))?.target).toBe('other');
      });
    },
    used(given) {
      it('says when this model was used last', async () => {
        const all = await given();
        await keepModels(all, {}, { id: 'm2' });
        await write(all, (tx) => tx.models.used('m1', after(5)));
        expect([
          (await reads(all).model('m1'))?.lastUsedAt,
          (await reads(all).model('m2'))?.lastUsedAt,
        ]).toEqual([after(5), null]);
      });
    },
    remove(given) {
      it('leaves nothing of this model', async () => {
        const all = await given();
        await keepModels(all, {}, { id: 'm2' });
        await write(all, (tx) => tx.models.remove('m1'));
        expect([await reads(all).model('m1'), (await reads(all).model('m2'))?.id]).toEqual([null, 'm2']);
      });
    },
  },

  imports: {
    save(given) {
      it('keeps every member, and how it goes on', async () => {
        const all = await given();
        for (const status of ['requested', 'completed'] as const) {
          const each = anImport({ status, history: [{ at: t0, status }] });
          await write(all, (tx) => tx.imports.save(each));
          expect(await reads(all).import('i1')).toEqual(each);
        }
        expect(await reads(all).imports('lab-a')).toHaveLength(1);
      });
    },
  },

  deliveries: {
    insert(given) {
      it('keeps every member', async () => {
        const all = await given();
        await keepDeliveries(all, { attempts: 2, dueAt: after(1) });
        const [found] = await due(all);
        expect(found).toEqual({ ...delivery({ attempts: 2, dueAt: after(1) }), id: found?.id });
      });
    },
    postpone(given) {
      it('sets when this one is due again, and after how many attempts', async () => {
        const all = await given();
        await keepDeliveries(all, {}, { session: 'l2', body: 'other' });
        const [first] = await due(all);
        await write(all, (tx) => tx.deliveries.postpone(first?.id ?? 0, 3, after(50)));
        expect(await bodies(all, after(49))).toEqual(['other']);
        expect(await due(all, after(50))).toMatchObject([
          { body: 'b', attempts: 3, dueAt: after(50) },
          { attempts: 0 },
        ]);
      });
    },
    remove(given) {
      it('forgets this one, and the next one of its session comes', async () => {
        const all = await given();
        await keepDeliveries(all, { body: 'first' }, { body: 'second' });
        const [first] = await due(all);
        await write(all, (tx) => tx.deliveries.remove(first?.id ?? 0));
        expect(await bodies(all)).toEqual(['second']);
      });
    },
    removeOf(given) {
      it('forgets all of this session', async () => {
        const all = await given();
        await keepDeliveries(all, {}, {}, { session: 'l2', body: 'other' });
        await write(all, (tx) => tx.deliveries.removeOf('l1'));
        expect(await bodies(all)).toEqual(['other']);
      });
    },
  },

  countPredictions(given) {
    it('adds to the number of this instance', async () => {
      const all = await given();
      for (const more of [2, 3]) await write(all, (tx) => tx.countPredictions('lab-a', more));
      const count = async (instance: string) => (await reads(all).counts(instance)).predictions;
      expect([await count('lab-a'), await count('lab-b')]).toEqual([5, 0]);
    });
  },
};

type AnswersReads = Omit<
  NexosisReads,
  'dataSet' | 'dataSetById' | 'dataSets' | 'rows' | 'countRows' | 'rowsAfter' | 'lastTime' | 'view' | 'views'
>;

export const nexosisAnswersReadsSuite: SuiteOf<AnswersReads> = {
  session(given) {
    it('says how far its job is, and why its session closed if the job ended with it', async () => {
      const all = await given();
      await keepLearned(all, {}, {});
      const ended = {
        state: 'cancelled',
        reason: 'r',
        endCode: 'session_closed',
        endedAt: after(9),
      } as const;
      await all.write(async (tx) => {
        await keepSession(tx, { ...everySaid, id: 'l0' });
        await keepJob(tx, givenJob({ id: 'j0', maxExecutionTime: 77, ...ended }));
        await keepSession(tx, givenSession({ id: 'l1', startedAt: after(2) }));
        await keepJob(tx, givenJob({ id: 'j1', state: 'running', startedAt: after(3) }));
      });
      const { closeCode, stateReason, limits } = everySaid;
      expect(await reads(all).session('l0')).toMatchObject({
        ...{ jobState: 'cancelled', jobReason: 'r', jobEndCode: 'session_closed', jobLimit: 77 },
        ...{ startedAt: everySaid.startedAt, endedAt: after(9), ending: { closeCode, stateReason, limits } },
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
    it('answers the session that a job belongs to, or null', async () => {
      const all = await given();
      await keepLearned(all, {}, {});
      expect([(await reads(all).sessionOfJob('j1'))?.id, await reads(all).sessionOfJob('l1')]).toEqual([
        'l1',
        null,
      ]);
    });
  },
  eventsOfSessions(given) {
    it('answers the events of these types of jobs of sessions, behind one and up to another, in order', async () => {
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
      const found = async (said: object) =>
        (await reads(all).eventsOfSessions({ ...base, ...said })).map(({ id }) => ids.indexOf(id));
      expect(await found({})).toEqual([0, 2, 4, 5]);
      expect(await found({ after: ids[0], upTo: ids[4] })).toEqual([2, 4]);
      expect(await found({ limit: 2 })).toEqual([0, 2]);
      expect(await found({ types: ['job.completed'] })).toEqual([3]);
    });
  },
  sessions(given) {
    const list = async (all: Given, said: Partial<LearnSessionFilter>) => {
      const base = { instance: 'lab-a', sortBy: 'id', descending: false, limit: 9, offset: 0 } as const;
      const { items, total } = await reads(all).sessions({ ...base, ...said });
      return [items.map(({ id }) => id).join(' '), total];
    };
    it('narrows by instance, user, source, event, type, time and model', async () => {
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
    it('goes by what is asked, then by id, in either direction', async () => {
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
    it('answers the rows of these chunks in order, both ends included', async () => {
      const all = await given();
      for (const chunk of [3, 1, 0, 2])
        await write(all, (tx) => tx.tables.append('l1', 'x', chunk, [[`${chunk}a`], [`${chunk}b`]]));
      await write(all, (tx) => tx.tables.append('l1', 'y', 1, [['other']]));
      expect((await reads(all).table('l1', 'x', 1, 2)).flat()).toEqual(['1a', '1b', '2a', '2b']);
      expect(await reads(all).table('l2', 'x', 0, 9)).toEqual([]);
    });
  },
  model(given) {
    it('answers null where there is none', async () => {
      expect(await reads(await given()).model('m1')).toBeNull();
    });
  },
  models(given) {
    it('answers a page of those that are asked for, in the asked order', async () => {
      const all = await given();
      await keepModels(
        all,
        { id: 'm1', name: 'b', source: 'Z', domain: 'regression', createdAt: after(2), lastUsedAt: after(7) },
        { id: 'm2', name: 'A', source: 'y', domain: 'anomalies', createdAt: after(1), lastUsedAt: after(9) },
        { id: 'm3', name: 'c', source: 'X', domain: 'anomalies', createdAt: after(3), lastUsedAt: after(8) },
        { id: 'm4', instance: 'lab-b' },
      );
      const list = async (said: Partial<ModelFilter>) => {
        const base = { instance: 'lab-a', sortBy: 'id', descending: false, limit: 9, offset: 0 } as const;
        const { items, total } = await reads(all).models({ ...base, ...said });
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
    it('answers null where there is none', async () => {
      expect(await reads(await given()).import('i1')).toBeNull();
    });
  },
  imports(given) {
    it('answers those of this instance, the latest first, and of one moment the highest id', async () => {
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
    it('answers the first of each session, if that one is due, and no more than so many', async () => {
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
    it('counts what the instance has', async () => {
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
