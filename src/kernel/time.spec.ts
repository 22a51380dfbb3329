import { expect, it } from '@jest/globals';
import { seconds, toSeconds, toWholeSeconds } from './time.js';

it('converts to whole milliseconds, even if the seconds are not exact in binary', () => {
  expect(seconds(1.005)).toBe(1005);
  expect(seconds(0.0004)).toBe(0);
});

it('converts elapsed time with millisecond precision and remaining time rounded up', () => {
  expect(toSeconds(1234)).toBe(1.234);
  expect([0, 1, 1000, 1001].map(toWholeSeconds)).toEqual([0, 1, 1, 2]);
});
