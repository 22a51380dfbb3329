import { describe, expect, it } from '@jest/globals';
import { parseTime } from './time-string.js';

describe("Livy's time strings", () => {
  it.each([
    ['0', 0],
    ['1500', 1500],
    ['10ms', 10],
    ['2s', 2000],
    ['3m', 180_000],
    ['3MIN', 180_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['2000us', 2],
    [' 5 s ', 5000],
  ])('reads %s as %d ms', (text, ms) => {
    expect(parseTime(text)).toBe(ms);
  });

  it.each(['', 'abc', '-1s', '1.5s', '1w', '1 s 2', '1constructor', '1tostring'])(
    'returns null for %j',
    (text) => {
      expect(parseTime(text)).toBeNull();
    },
  );
});
