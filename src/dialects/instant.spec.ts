import { describe, expect, it } from '@jest/globals';
import { readInstant } from './instant.js';

const newYear = Date.UTC(2026, 0, 1);

describe('a time that someone sends', () => {
  it('tests run where the local zone is not UTC, else they would show nothing', () => {
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
    // A + that was not encoded in an address.
    ['2026-01-01T05:30:00 05:30'],
  ])('%s is the first moment of 2026 in UTC', (text) => {
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
  ])('%j is none', (text) => {
    expect(readInstant(text)).toBeNull();
  });
});
