import type { Millis } from '../../../kernel/time.js';
import type { Interval } from '../storage/ports.js';

/** Returns the start of the interval that contains a moment, in UTC. Weeks start on Monday. */
export function startOf(at: Millis, interval: Interval): Millis {
  const hour = 3600 * 1000;
  const day = 24 * hour;
  const date = new Date(at);
  switch (interval) {
    case 'hour':
      return Math.floor(at / hour) * hour;
    case 'day':
      return Math.floor(at / day) * day;
    case 'week':
      // 1 January 1970 was a Thursday.
      return Math.floor((at + 3 * day) / (7 * day)) * 7 * day - 3 * day;
    case 'month':
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
    case 'year':
      return Date.UTC(date.getUTCFullYear(), 0, 1);
  }
}
