import { describe, expect, it } from '@jest/globals';
import { readInstant } from './instant.js';

const newYear = Date.UTC(2026, 0, 1);

describe('readInstant', () => {
  it('is tested in a local time zone other than UTC, so that mistakes with zones show', () => {
    expect(new Date(newYear).getTimezoneOffset()).not.toBe(0);
  });

  it.each([
    ['2026'],
    ['2026-01-01'],
    ['2026-01-01T00:00'],
    ['2026-01-01T00:00:00'],
    ['2026-01-01 00:00:00'],
    ['2026-01-01T00:00:00.000000'],
    ['2026-01-01T00:00:00Z'],
    ['2026-01-01T05:30:00+05:30'],
    ['2026-01-01T05:30:00+0530'],
    ['2025-12-31T19:00:00-05:00'],
    // An unencoded + in a query arrives as a space.
    ['2026-01-01T05:30:00 05:30'],
  ])('reads %s as the first moment of 2026 in UTC', (text) => {
    expect(readInstant(text)).toBe(newYear);
  });

  it.each([
    ['yesterday'],
    [''],
    ['5'],
    ['2026-02-30'],
    ['2026-02-30T00:00:00Z'],
    ['2026-01-01T25:00:00Z'],
    ['01/02/2026'],
    ['Thu Jan 01 2026 00:00:00 GMT+0100'],
    ['2026-W01'],
  ])('returns null for %j', (text) => {
    expect(readInstant(text)).toBeNull();
  });
});
