import type { Millis } from '../time.js';

/** What decides when an instance is next. `charged`: in the fair-share window, with what accrues now. */
export interface Standing {
  readonly charged: Millis;
  readonly shares: number;
  /** Whether its budget is used up. */
  readonly blocked: boolean;
}

/**
 * Compares two instances of the general queue (semantics: who runs next). Those with a used-up budget come last; the
 * others are ordered by charged time per share. Negative: `a` goes first. 0: a tie, which `compareHeads` breaks by the
 * submission number of each instance's next job.
 */
export function compareInstances(a: Standing, b: Standing): number {
  if (a.blocked !== b.blocked) return a.blocked ? 1 : -1;
  return a.charged * b.shares - b.charged * a.shares;
}

/** Compares completely: breaks a tie between instances by the submission number of each one's next job. */
export const compareHeads = (
  a: Standing & { readonly seq: number },
  b: Standing & { readonly seq: number },
): number => compareInstances(a, b) || a.seq - b.seq;
