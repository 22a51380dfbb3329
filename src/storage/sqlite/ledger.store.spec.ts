import { describe, expect, it } from '@jest/globals';
import { givenDatabase } from '../../../test/support/store.js';

describe('the sums of the ledger by group', () => {
  it.each([
    [1000, 1000, 0],
    [1003, 1000, 3],
  ])('of %i groups list %i and count %i more', async (made, shown, leftOff) => {
    const { store } = await givenDatabase();
    await store.write(async (tx) => {
      for (let n = 0; n < made; n += 1)
        await tx.ledger.append([
          {
            ...{ kind: 'job', backend: 'b1', slot: 0, instance: 'lab-a', user: `u${n}` },
            ...{ session: null, job: `j${n}`, from: 0, to: 1000 },
          },
        ]);
    });
    const sums = await store.read.ledgerSums({}, ['user']);
    expect([sums.groups.length, sums.groupsLeftOff]).toEqual([shown, leftOff]);
    expect(sums.entries).toBe(made);
    expect((await store.read.ledgerSums({ user: 'u1' }, ['user'])).groupsLeftOff).toBe(0);
  });
});
