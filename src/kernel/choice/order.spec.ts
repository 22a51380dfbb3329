import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareHeads, compareInstances, type Standing } from './order.js';

const standing = (charged: number, shares = 1, blocked = false): Standing => ({ charged, shares, blocked });
const standings = fc.record({
  charged: fc.integer({ min: 0, max: 50 }),
  shares: fc.integer({ min: 1, max: 5 }),
  blocked: fc.boolean(),
  seq: fc.integer({ min: 1, max: 1000 }),
});

describe('the order of the general queue', () => {
  it('puts the instance with less charged time per share first', () => {
    expect(compareInstances(standing(10), standing(11))).toBeLessThan(0);
    expect(compareInstances(standing(21, 2), standing(11))).toBeLessThan(0);
    expect(compareInstances(standing(23, 2), standing(11))).toBeGreaterThan(0);
    expect(compareInstances(standing(22, 2), standing(11))).toBe(0);
  });

  it('puts an instance with a used-up budget last, whatever it was charged', () => {
    expect(compareInstances(standing(0, 1, true), standing(1000))).toBeGreaterThan(0);
    expect(compareInstances(standing(1000), standing(0, 1, true))).toBeLessThan(0);
    expect(compareInstances(standing(1, 1, true), standing(2, 1, true))).toBeLessThan(0);
  });

  it('orders tied instances by the submission of their next jobs', () => {
    expect(compareHeads({ ...standing(2, 2), seq: 8 }, { ...standing(1), seq: 9 })).toBeLessThan(0);
    expect(compareHeads({ ...standing(1), seq: 9 }, { ...standing(2, 2), seq: 8 })).toBeGreaterThan(0);
    expect(compareHeads({ ...standing(1), seq: 9 }, { ...standing(3, 2), seq: 8 })).toBeLessThan(0);
  });

  it('is transitive', () =>
    fc.assert(
      fc.property(standings, standings, standings, (a, b, c) => {
        expect(Math.sign(compareHeads(a, b)) + Math.sign(compareHeads(b, a))).toBe(0);
        if (compareHeads(a, b) < 0 && compareHeads(b, c) < 0) expect(compareHeads(a, c)).toBeLessThan(0);
      }),
    ));
});
