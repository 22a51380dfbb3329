import { expect, it } from '@jest/globals';
import { givenSession } from '../../../../test/support/given.js';
import { givenDatabase, keepSession } from '../../../../test/support/store.js';
import { UnreadableRow } from '../../../scheduler/ports.js';
import { livyReads, livyStore } from './store.js';

it.each([
  ['is not JSON', 'x', 'asked: it is not valid JSON'],
  ['is a list', '[]', 'asked: an object was expected'],
])('an entry whose request %s is refused by its table, type and number', async (_, stored, why) => {
  const { store } = await givenDatabase();
  const { id: subject, instance } = givenSession({ id: 's0' });
  await store.write(async (tx) => {
    await keepSession(tx, givenSession({ id: subject }));
    const entry = { type: 'session', number: 0, subject, job: 'j0', instance, name: null } as const;
    await livyStore(tx).insert({ ...entry, request: { kind: 'pyspark' } });
  });
  const find = () => livyReads(store.read).session(0, undefined);
  expect(await find()).toMatchObject({ request: { kind: 'pyspark' } });
  await store.write((tx) => tx.query.run('UPDATE livy_entries SET asked = ?', stored));
  await expect(find()).rejects.toThrow(new UnreadableRow('livy_entries', 'session 0', why));
});
