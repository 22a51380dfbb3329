import { describe, expect, it } from '@jest/globals';
import { UntilChange } from './until-change.js';

describe('a value cached until a change', () => {
  it('is computed once for each key', async () => {
    const answers = new UntilChange<number>();
    let reads = 0;
    const ask = (question: string) => answers.of(question, () => Promise.resolve((reads += 1)));
    expect([await ask('a'), await ask('b'), await ask('a')]).toEqual([1, 2, 1]);
  });

  it('is computed again after a change', async () => {
    const answers = new UntilChange<number>();
    await answers.of('a', () => Promise.resolve(1));
    answers.changed();
    expect(await answers.of('a', () => Promise.resolve(2))).toBe(2);
  });

  it('is not cached if a change occurs while it is being computed', async () => {
    const answers = new UntilChange<number>();
    const slow = answers.of('a', () => {
      answers.changed();
      return Promise.resolve(1);
    });
    await slow;
    expect(await answers.of('a', () => Promise.resolve(2))).toBe(2);
  });
});
