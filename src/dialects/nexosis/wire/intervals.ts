import type { Millis } from '../../../kernel/time.js';
import type { Interval } from '../storage/ports.js';

/** Beginning of the interval that a moment lies in, in UTC. Weeks begin on Monday. */
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
      // The first day of 1970 was a Thursday.
      return Math.floor((at + 3 * day) / (7 * day)) * 7 * day - 3 * day;
    case 'month':
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
    case 'year':
      return Date.UTC(date.getUTCFullYear(), 0, 1);
  }
}
