import { describe, expect, it } from '@jest/globals';
import { normalise } from './paths.js';
import { startOf } from './intervals.js';

describe('addresses', () => {
  it.each([
    ['/nexosis/v1/Sessions/FORECAST?a=B', '/nexosis/v1/sessions/forecast?a=B'],
    ['/Nexosis/V1/data/My%20Shop/', '/nexosis/v1/data/My%20Shop'],
    ['/nexosis/v1/Data/My.Shop/Stats/Sales', '/nexosis/v1/data/My.Shop/stats/Sales'],
    ['/nexosis/v1/Views/A', '/nexosis/v1/views/A'],
    ['/nexosis/v1//imports/Url', '/nexosis/v1/imports/url'],
    ['/nexosis/v1/sessions/A-B/results/classScores', '/nexosis/v1/sessions/a-b/results/classscores'],
    ['/nexosis/v10/Data', '/nexosis/v10/Data'],
    ['/api/v1/Sessions', '/api/v1/Sessions'],
  ])('normalises %s to %s', (url, normal) => expect(normalise(url)).toBe(normal));
});

describe('the start of an interval', () => {
  const at = Date.UTC(2017, 4, 17, 13, 14, 15);
  it.each([
    ['hour', Date.UTC(2017, 4, 17, 13)],
    ['day', Date.UTC(2017, 4, 17)],
    // A Monday.
    ['week', Date.UTC(2017, 4, 15)],
    ['month', Date.UTC(2017, 4, 1)],
    ['year', Date.UTC(2017, 0, 1)],
  ] as const)('%s', (interval, start) => expect(startOf(at, interval)).toBe(start));
});
