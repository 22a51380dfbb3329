import { describe, expect, it } from '@jest/globals';
import {
  normaliseDate,
  readDate,
  writeDetail,
  writeMoment,
  writeTimestamp,
  writeWithOffset,
} from './dates.js';

const utc = (...parts: [number, number, number, number?, number?, number?, number?]) =>
  Date.UTC(parts[0], parts[1] - 1, ...(parts.slice(2) as [number]));

describe('dates as clients write them', () => {
  it.each([
    ['2017-01-01', utc(2017, 1, 1)],
    ['2017-1-1', utc(2017, 1, 1)],
    ['2017-01-01 00:00:00', utc(2017, 1, 1)],
    ['2017-01-01T06:07:08', utc(2017, 1, 1, 6, 7, 8)],
    ['2017-01-01T06:07:08.1', utc(2017, 1, 1, 6, 7, 8, 100)],
    ['2017-01-01T06:07:08.1234567Z', utc(2017, 1, 1, 6, 7, 8, 123)],
    ['2017-01-01T00:00:00+00:00', utc(2017, 1, 1)],
    ['2017-01-01T00:00:00+0300', utc(2016, 12, 31, 21)],
    ['2017-01-01T00:00:00-08:00', utc(2017, 1, 1, 8)],
    ['1-16-2017', utc(2017, 1, 16)],
    ['06-29-2017', utc(2017, 6, 29)],
    ['01/26/2017', utc(2017, 1, 26)],
    ['12/31/2012 0:00', utc(2012, 12, 31)],
    ['10/08/2016 00:00:00', utc(2016, 10, 8)],
    ['1/5/2014 12:00:00 AM', utc(2014, 1, 5)],
    ['1/5/2014 1:30 pm', utc(2014, 1, 5, 13, 30)],
    ['2017/03/04', utc(2017, 3, 4)],
    ['Tue Jan 26 2016 00:00:00 GMT+0100 (CET)', utc(2016, 1, 25, 23)],
    [' 2016-02-29 ', utc(2016, 2, 29)],
  ])('reads %s', (text, at) => expect(readDate(text)?.at).toBe(at));

  it.each([
    '',
    '2017',
    '20170101',
    '2017-02-29',
    '13/13/2017',
    '2017-01-01T25:61',
    '12.5',
    'Mon',
    '1-2',
    'now',
    // Years that JavaScript would read as 1901 and 1999.
    '0001-01-01T00:00:00',
    '0099-12-31',
  ])('does not read %p as a date', (text) => expect(readDate(text)).toBeNull());
});

describe('a formatted date', () => {
  it('keeps the offset that it was sent with', () => {
    const date = readDate('2008-08-31 00:00:00 +08:00');
    expect(date && writeWithOffset(date)).toBe('2008-08-31T00:00:00+08:00');
    const west = readDate('2008-08-31T01:00:00-0330');
    expect(west && writeWithOffset(west)).toBe('2008-08-31T01:00:00-03:30');
    expect(west && writeDetail(west)).toBe('2008-08-31T01:00:00.0000000-03:30');
  });

  it('has seven fractional digits in rows, and no trailing zeros elsewhere', () => {
    const date = readDate('2016-10-10T00:00:00.5');
    expect(date && writeTimestamp(date)).toBe('2016-10-10T00:00:00.5000000Z');
    expect(normaliseDate('1-2-2017')).toBe('2017-01-02T00:00:00.0000000Z');
    expect(normaliseDate('soon')).toBe('soon');
    expect(writeMoment(utc(2018, 3, 28, 12, 49, 2, 120))).toBe('2018-03-28T12:49:02.12+00:00');
    expect(writeMoment(utc(2018, 3, 28))).toBe('2018-03-28T00:00:00+00:00');
  });
});
