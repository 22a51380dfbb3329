import { describe, expect, it } from '@jest/globals';
import { Subject } from 'rxjs';
import { eventually } from '../../../../test/support/eventually.js';
import { givenJob, givenSession, t0 } from '../../../../test/support/given.js';
import {
  givenBackend,
  givenDatabase,
  givenInstance,
  keepJob,
  keepSession,
} from '../../../../test/support/store.js';
import type { LearnSession } from '../storage/ports.js';
import type { Query } from '../../../scheduler/query.ports.js';
import type { Clock, Store, Tx } from '../../../scheduler/ports.js';
import type { Commands } from '../../../scheduler/commands.service.js';
import { lastRead, WebhooksService } from './webhooks.service.js';
import { nexosisStore } from '../storage/store.js';
import { nexosisReads } from '../storage/reads.js';

const learnSession = (id: string): LearnSession =>
  ({
    ...{ id: `s${id}`, job: `j${id}`, instance: 'lab-a', user: 'alice', domain: 'forecast', name: 'n' },
    ...{ source: 'shop', sourceKind: 'dataSet', target: 't', eventName: null, interval: 'day' },
    ...{ start: '2017-01-01', end: '2017-01-02', callbackUrl: 'http://127.0.0.1:9/', token: 'secret' },
    ...{ base: 'http://x', columns: [], missingValues: [], extra: {}, messages: [], modelId: null },
    ...{ requestedAt: t0, outcome: null },
  }) as unknown as LearnSession;

async function keepCompleted(tx: Tx, id: string): Promise<void> {
  await keepSession(tx, givenSession({ id: `s${id}`, mode: 'batch' }));
  await keepJob(tx, givenJob({ id: `j${id}`, session: `s${id}`, mode: 'batch' }));
  await nexosisStore(tx).sessions.insert(learnSession(id));
  for (const type of ['job.queued', 'job.running', 'job.completed'] as const) {
    const what = { type, at: t0, processedAt: t0, actor: 'scheduler', cause: null, backend: 'b1' };
    await tx.events.append({ ...what, instance: 'lab-a', session: `s${id}`, job: `j${id}` });
  }
}

/** Hides the stored deliveries, so that none is sent. */
const withoutDeliveries =
  (query: Query): Query['all'] =>
  (statement, ...values) =>
    statement.includes('FROM nexosis_deliveries') ? Promise.resolve([]) : query.all(statement, ...values);

/** A service on a real store with `sessions` completed sessions, whose webhooks are not stored yet. */
async function given(sessions: number) {
  const { store } = await givenDatabase();
  await store.write(async (tx) => {
    await tx.instances.insert(givenInstance());
    await tx.backends.insert(givenBackend());
    await tx.facts.set(lastRead, '0');
    for (let i = 0; i < sessions; i += 1) await keepCompleted(tx, String(i));
  });
  const changes = new Subject<void>();
  let writesUntilLoss = 0;
  const wrapped: Store = {
    // Nothing is sent, because the tests look at the stored deliveries.
    read: { ...store.read, query: { ...store.read.query, all: withoutDeliveries(store.read.query) } },
    async write(work) {
      const value = await store.write(work);
      writesUntilLoss -= 1;
      if (writesUntilLoss === 0) throw new Error('the answer of the commit was lost');
      return value;
    },
  };
  const service = new WebhooksService(
    {
      changes,
      run: (work: (unit: { tx: Tx }) => Promise<unknown>) => wrapped.write((tx) => work({ tx })),
    } as unknown as Commands,
    wrapped,
    { now: () => t0 } as Clock,
    { data: '', bodyLimit: 0, privateHosts: ['*'], importHosts: [] },
  );
  const deliveries = async () => {
    const all = [];
    // Only the first of each session is due.
    for (;;) {
      const due = await nexosisReads(store.read).dueDeliveries(t0, 10_000);
      if (due.length === 0) return all;
      all.push(...due.map(({ session }) => session));
      await store.write(async (tx) => {
        for (const { id } of due) await nexosisStore(tx).deliveries.remove(id);
      });
    }
  };
  const position = () => store.write(async (tx) => Number(await tx.facts.get(lastRead)));
  return { service, changes, deliveries, position, loseAnswerOf: (nth: number) => (writesUntilLoss = nth) };
}

describe('the deliveries of webhooks', () => {
  it('are stored once for each change, however many there are', async () => {
    const { service, deliveries, position } = await given(300);
    await service.begin();
    await eventually('all of the log', async () => (await position()) === 900);
    await service.onModuleDestroy();
    const all = await deliveries();
    expect([all.length, new Set(all).size]).toEqual([600, 300]);
  });

  it('are stored once even if the answer of a commit is lost', async () => {
    const { service, changes, deliveries, position, loseAnswerOf } = await given(2);
    // The first write reads the stored position in the log.
    loseAnswerOf(2);
    await service.begin();
    await eventually('the commit', async () => (await position()) === 6);
    changes.next();
    await new Promise((resolve) => setImmediate(resolve));
    changes.next();
    await service.onModuleDestroy();
    expect((await deliveries()).sort()).toEqual(['s0', 's0', 's1', 's1']);
  });
});
