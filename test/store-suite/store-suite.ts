import { afterEach, describe, expect, it } from '@jest/globals';
import { livyReads, livyStore } from '../../src/dialects/livy/storage/store.js';
import type { NexosisReads, NexosisTx } from '../../src/dialects/nexosis/storage/ports.js';
import { nexosisReads } from '../../src/dialects/nexosis/storage/reads.js';
import { nexosisStore } from '../../src/dialects/nexosis/storage/store.js';
import type { Reads, Tx } from '../../src/scheduler/ports.js';
import { givenBackend, givenInstance } from '../support/stored.js';
import { leavesIn, methodsIn, observer, type Given, type OpenStore, type SuiteOf } from './methods.js';
import { dueSuite } from './due.suite.js';
import { forecastSuite } from './forecast.suite.js';
import { jobsSuite } from './jobs.suite.js';
import { listsSuite } from './lists.suite.js';
import { livyReadsSuite } from './livy-reads.suite.js';
import { livyTxSuite } from './livy.suite.js';
import { nexosisDataReadsSuite } from './nexosis-data-reads.suite.js';
import { nexosisDataTxSuite } from './nexosis-data.suite.js';
import { nexosisAnswersReadsSuite } from './nexosis-answers-reads.suite.js';
import { nexosisAnswersTxSuite } from './nexosis-answers.suite.js';
import { operatorsReadsSuite } from './operators-reads.suite.js';
import { backendsSuite } from './backends.suite.js';
import { instancesSuite, tokensSuite } from './operators.suite.js';
import { queryReadsSuite, queryTxSuite } from './query.suite.js';
import { queueSuite } from './queue.suite.js';
import { recordsReadsSuite } from './records-reads.suite.js';
import { eventsSuite, factsSuite, ledgerSuite, receiptsSuite } from './records.suite.js';
import { sessionsSuite } from './sessions.suite.js';
import { snapshotSuite } from './snapshot.suite.js';
import { textsReadsSuite, textsSuite } from './texts.suite.js';
import { waitingSuite } from './waiting.suite.js';
import { writesSuite } from './writes.suite.js';

const txSuite: SuiteOf<Tx> = {
  sessions: sessionsSuite,
  jobs: jobsSuite,
  backends: backendsSuite,
  instances: instancesSuite,
  tokens: tokensSuite,
  receipts: receiptsSuite,
  events: eventsSuite,
  ledger: ledgerSuite,
  texts: textsSuite,
  query: queryTxSuite,
  ...dueSuite,
  ...snapshotSuite,
  facts: factsSuite,
};

const readSuite: SuiteOf<Reads> = {
  ...listsSuite,
  ...operatorsReadsSuite,
  ...recordsReadsSuite,
  ...queueSuite,
  ...waitingSuite,
  ...forecastSuite,
  texts: textsReadsSuite,
  query: queryReadsSuite,
};

const nexosisTxSuite: SuiteOf<NexosisTx> = { ...nexosisDataTxSuite, ...nexosisAnswersTxSuite };
const nexosisReadsSuite: SuiteOf<NexosisReads> = {
  ...nexosisDataReadsSuite,
  ...nexosisAnswersReadsSuite,
};

/**
 * The tests that every store must pass, on any database. `open` returns an empty store with the tables of the dialects.
 * The tests use only the port, without SQL and without features of one database.
 */
export function storeSuite(name: string, open: () => Promise<OpenStore>): void {
  describe(`the store on ${name}`, () => {
    const opened: OpenStore[] = [];
    afterEach(async () => {
      for (const each of opened.splice(0)) await each.close();
    });

    const given = async (onCall: (path: string) => void): Promise<Given> => {
      const each = await open();
      opened.push(each);
      await each.store.write(async ({ backends, instances }) => {
        for (const backend of ['b1', 'b2']) await backends.insert(givenBackend({ name: backend }));
        for (const id of ['lab-a', 'lab-b']) await instances.insert(givenInstance({ id }));
      });
      const observe = observer(onCall);
      return {
        read: observe(each.store.read, 'read'),
        write: (work) => each.store.write((tx) => work(observe(tx, 'tx'))),
        again: () => each.again(),
        observe,
      };
    };

    describe('write', () => writesSuite(() => given(() => undefined)));

    const tested = [
      ...leavesIn(txSuite, 'tx'),
      ...leavesIn(readSuite, 'read'),
      ...leavesIn(livyTxSuite, 'livy.tx'),
      ...leavesIn(livyReadsSuite, 'livy.read'),
      ...leavesIn(nexosisTxSuite, 'nexosis.tx'),
      ...leavesIn(nexosisReadsSuite, 'nexosis.read'),
    ];
    const called = new Set<string>();
    for (const [path, tests] of tested) {
      const onCall = (each: string) => {
        if (each === path) called.add(path);
      };
      describe(path, () => tests(() => given(onCall)));
    }

    it('has no method without a test that calls it', async () => {
      const { store } = await open().then((each) => (opened.push(each), each));
      const methods = await store.write((tx) =>
        Promise.resolve([
          ...methodsIn(tx, 'tx'),
          ...methodsIn(livyStore(tx), 'livy.tx'),
          ...methodsIn(nexosisStore(tx), 'nexosis.tx'),
        ]),
      );
      methods.push(
        ...methodsIn(store.read, 'read'),
        ...methodsIn(livyReads(store.read), 'livy.read'),
        ...methodsIn(nexosisReads(store.read), 'nexosis.read'),
      );
      expect(methods.length).toBeGreaterThan(80);
      expect(methods.filter((method) => !called.has(method))).toEqual([]);
    });
  });
}
