import { describe, expect, it } from '@jest/globals';
import { QueueCounts } from './queue-counts.js';

/** Each count takes 100 ms; `ask` returns the number of counts so far. */
function given() {
  let now = 0;
  let counted = 0;
  const counts = new QueueCounts(() => now);
  return {
    ask: async (queued: number, requester = 'lab-a') => {
      await counts.countsOf({ backend: 'qpu', queued, requester: requester }, async () => {
        counted += 1;
        now += 100;
        return [{ instance: 'lab-a', queued }];
      });
      return counted;
    },
    pass: (milliseconds: number) => (now += milliseconds),
    counts,
  };
}

describe('the counts of a queue', () => {
  it('of up to 10,000 jobs are renewed after each change', async () => {
    const { ask, counts } = given();
    const found = [await ask(10_000), await ask(10_000)];
    counts.invalidate();
    expect([...found, await ask(10_000)]).toEqual([1, 1, 2]);
  });

  it('of a longer queue are reused for twenty times as long as counting took', async () => {
    const { ask, pass } = given();
    await ask(10_001);
    pass(1999);
    expect(await ask(10_001)).toBe(1);
    pass(1);
    expect(await ask(10_001)).toBe(2);
  });

  it('are renewed for an instance that had nothing queued before', async () => {
    const { ask } = given();
    await ask(10_001);
    expect(await ask(10_001, 'lab-b')).toBe(2);
  });
});
