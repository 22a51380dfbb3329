import type { Millis } from '../time.js';

/** Things that are charged right now: how many, and the sum of the moments since which each is. No row per thing is needed. */
export interface Accruing {
  readonly count: number;
  readonly starts: Millis;
}

/** What they have been charged up to `at` (semantics: usage). */
export const accruedBy = ({ count, starts }: Accruing, at: Millis): Millis => count * at - starts;

/** What is charged at `at` where `charged` stood at `since` and `rate` things accrue: that many milliseconds each millisecond. */
export const chargedBy = (
  { charged, rate, since }: { readonly charged: Millis; readonly rate: number; readonly since: Millis },
  at: Millis,
): Millis => charged + rate * (at - since);

/** When `charged` reaches `most` at this rate, in the first whole millisecond at or after it; null: never. */
export const reachedAt = (
  { charged, rate, since }: { readonly charged: Millis; readonly rate: number; readonly since: Millis },
  most: Millis,
): Millis | null => (rate === 0 ? null : since + Math.ceil((most - charged) / rate));
