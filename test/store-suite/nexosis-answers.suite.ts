import { expect, it } from '@jest/globals';
import type { NexosisTx } from '../../src/dialects/nexosis/storage/ports.js';
import { after, t0 } from '../support/given.js';
import type { SuiteOf } from './methods.js';
import {
  anImport,
  bodies,
  delivery,
  due,
  keepDeliveries,
  keepLearned,
  keepModels,
  learnSession,
  model,
  outcome,
  reads,
  write,
} from './nexosis-given.js';

type AnswersTx = Omit<NexosisTx, 'dataSets' | 'rows' | 'views'>;

export const nexosisAnswersTxSuite: SuiteOf<AnswersTx> = {
  sessions: {
    insert(given) {
      it('stores every member, and nulls', async () => {
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
      it('stores the outcome of this session', async () => {
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
      it('appends a message', async () => {
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
      it('stores the latest one for this session', async () => {
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
      it('removes all rows of this session', async () => {
        const all = await given();
        await keepLearned(all, {}, {});
        await write(all, (tx) => tx.sessions.remove('l0'));
        expect([await reads(all).session('l0'), (await reads(all).session('l1'))?.id]).toEqual([null, 'l1']);
      });
    },
    find(given) {
      it('sees the changes of its own transaction, or returns null', async () => {
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
      it('stores a chunk of rows under its number, once', async () => {
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
      it('stores every member, and replaces one with the same id', async () => {
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
      it('stores when this model was last used', async () => {
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
      it('removes all rows of this model', async () => {
        const all = await given();
        await keepModels(all, {}, { id: 'm2' });
        await write(all, (tx) => tx.models.remove('m1'));
        expect([await reads(all).model('m1'), (await reads(all).model('m2'))?.id]).toEqual([null, 'm2']);
      });
    },
  },

  imports: {
    save(given) {
      it('stores every member, and its later states', async () => {
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
      it('stores every member', async () => {
        const all = await given();
        await keepDeliveries(all, { attempts: 2, dueAt: after(1) });
        const [found] = await due(all);
        expect(found).toEqual({ ...delivery({ attempts: 2, dueAt: after(1) }), id: found?.id });
      });
    },
    postpone(given) {
      it('sets when this one is due next, and the number of attempts', async () => {
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
      it('removes this one, so that the next one of its session is due', async () => {
        const all = await given();
        await keepDeliveries(all, { body: 'first' }, { body: 'second' });
        const [first] = await due(all);
        await write(all, (tx) => tx.deliveries.remove(first?.id ?? 0));
        expect(await bodies(all)).toEqual(['second']);
      });
    },
    removeOf(given) {
      it('removes all of this session', async () => {
        const all = await given();
        await keepDeliveries(all, {}, {}, { session: 'l2', body: 'other' });
        await write(all, (tx) => tx.deliveries.removeOf('l1'));
        expect(await bodies(all)).toEqual(['other']);
      });
    },
  },

  countPredictions(given) {
    it('adds to the counter of this instance', async () => {
      const all = await given();
      for (const more of [2, 3]) await write(all, (tx) => tx.countPredictions('lab-a', more));
      const count = async (instance: string) => (await reads(all).counts(instance)).predictions;
      expect([await count('lab-a'), await count('lab-b')]).toEqual([5, 0]);
    });
  },
};
