import type { Millis } from '../time.js';

/** How an instance stands among those that wait. `charged`: in the fair-share window, with what accrues now. */
export interface Standing {
  readonly charged: Millis;
  readonly shares: number;
  /** Its budget is used up. */
  readonly blocked: boolean;
}

/**
 * The order of the general queue among instances (semantics: who runs next): those with a used-up budget come last, the
 * others by their charged time per share. Negative: `a` goes first. 0: they are level, and the submission of the job that each
 * has next decides.
 */
export function compareInstances(a: Standing, b: Standing): number {
  if (a.blocked !== b.blocked) return a.blocked ? 1 : -1;
  return a.charged * b.shares - b.charged * a.shares;
}

/** The whole order: level instances go by the submission number of the job that each has next. */
export const compareHeads = (
  a: Standing & { readonly seq: number },
  b: Standing & { readonly seq: number },
): number => compareInstances(a, b) || a.seq - b.seq;
