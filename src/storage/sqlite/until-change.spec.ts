import { describe, expect, it } from '@jest/globals';
import { UntilChange } from './until-change.js';

describe('an answer until a change', () => {
  it('is found once for each question', async () => {
    const answers = new UntilChange<number>();
    let asked = 0;
    const ask = (question: string) => answers.of(question, () => Promise.resolve((asked += 1)));
    expect([await ask('a'), await ask('b'), await ask('a')]).toEqual([1, 2, 1]);
  });

  it('is found again after a change', async () => {
    const answers = new UntilChange<number>();
    await answers.of('a', () => Promise.resolve(1));
    answers.changed();
    expect(await answers.of('a', () => Promise.resolve(2))).toBe(2);
  });

  it('is not kept where the change came while it was being found', async () => {
    const answers = new UntilChange<number>();
    const slow = answers.of('a', () => {
      answers.changed();
      return Promise.resolve(1);
    });
    await slow;
    expect(await answers.of('a', () => Promise.resolve(2))).toBe(2);
  });
});
