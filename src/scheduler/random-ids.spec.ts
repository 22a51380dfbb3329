import { describe, expect, it } from '@jest/globals';
import { randomIds } from './random-ids.js';

describe('identities', () => {
  it('are UUIDs of version 7, all different, in the order of time', () => {
    let now = 1_800_000_000_000;
    const ids = randomIds({ wall: () => (now += 1) });
    const made = Array.from({ length: 1000 }, () => ids.uuid());
    for (const id of made)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(made).size).toBe(1000);
    expect([...made].sort()).toEqual(made);
  });
});
