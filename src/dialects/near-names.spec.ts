import { describe, expect, it } from '@jest/globals';
import { suggestName } from './near-names.js';

const known = ['from', 'size', 'startDate', 'session_id'];

describe('suggestName', () => {
  it.each([
    ['form', 'from'],
    ['SIZE', 'size'],
    ['szie', 'size'],
    ['sizes', 'size'],
    ['startdate', 'startDate'],
    ['strtDat', 'startDate'],
    ['sesionid', 'session_id'],
  ])('corrects %s to %s', (name, nearest) => {
    expect(suggestName(name, known)).toBe(nearest);
  });

  it.each(['doAs', 'detailed', 'x', '', 'constructor', '__proto__', 'size'.repeat(20)])(
    'returns undefined for %j',
    (name) => {
      expect(suggestName(name, known)).toBeUndefined();
    },
  );

  it('returns undefined if there are no known names', () => {
    expect(suggestName('from', [])).toBeUndefined();
  });
});
