import type { Millis } from '../time.js';

/** Things that are being charged now: their number, and the sum of their start times. Avoids a row for each thing. */
export interface Accruing {
  readonly count: number;
  readonly starts: Millis;
}

/** Returns the time charged to all of them together up to `at` (semantics: usage). */
export const accruedBy = ({ count, starts }: Accruing, at: Millis): Millis => count * at - starts;

/** Returns the charge at `at`, given `charged` at `since` and `rate` milliseconds charged per millisecond. */
export const chargedBy = (
  { charged, rate, since }: { readonly charged: Millis; readonly rate: number; readonly since: Millis },
  at: Millis,
): Millis => charged + rate * (at - since);

/** Returns the first whole millisecond in which the charge is at least `most`; null if it never is. */
export const reachedAt = (
  { charged, rate, since }: { readonly charged: Millis; readonly rate: number; readonly since: Millis },
  most: Millis,
): Millis | null => (rate === 0 ? null : since + Math.ceil((most - charged) / rate));
