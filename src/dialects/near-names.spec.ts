import { describe, expect, it } from '@jest/globals';
import { nearName } from './near-names.js';

const known = ['from', 'size', 'startDate', 'session_id'];

describe('the nearest name', () => {
  it.each([
    ['form', 'from'],
    ['SIZE', 'size'],
    ['szie', 'size'],
    ['sizes', 'size'],
    ['startdate', 'startDate'],
    ['strtDat', 'startDate'],
    ['sesionid', 'session_id'],
  ])('of %s is %s', (name, nearest) => {
    expect(nearName(name, known)).toBe(nearest);
  });

  it.each(['doAs', 'detailed', 'x', '', 'constructor', '__proto__', 'size'.repeat(20)])(
    'of %j is none',
    (name) => {
      expect(nearName(name, known)).toBeUndefined();
    },
  );

  it('is none where nothing is known', () => {
    expect(nearName('from', [])).toBeUndefined();
  });
});
