import { describe, expect, it } from '@jest/globals';
import { QueueCounts } from './queue-counts.js';

/** Counting takes 100 ms; answers how often it was done. */
function given() {
  let now = 0;
  let counted = 0;
  const counts = new QueueCounts(() => now);
  return {
    ask: async (queued: number, asker = 'lab-a') => {
      await counts.of({ backend: 'qpu', queued, asker }, async () => {
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
  it('are taken again after each change while it has up to 10,000 jobs', async () => {
    const { ask, counts } = given();
    const found = [await ask(10_000), await ask(10_000)];
    counts.changed();
    expect([...found, await ask(10_000)]).toEqual([1, 1, 2]);
  });

  it('are kept for twenty times as long as they took when it is longer', async () => {
    const { ask, pass } = given();
    await ask(10_001);
    pass(1999);
    expect(await ask(10_001)).toBe(1);
    pass(1);
    expect(await ask(10_001)).toBe(2);
  });

  it('are taken again for an instance that had nothing queued then', async () => {
    const { ask } = given();
    await ask(10_001);
    expect(await ask(10_001, 'lab-b')).toBe(2);
  });
});
