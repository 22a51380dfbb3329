import { reachedAt } from './accrual.js';
import { toSeconds, type Millis } from '../time.js';

/** An instance's budget in the fair-share window, and its use at one moment (semantics: usage). */
export interface BudgetView {
  readonly budget: Millis;
  /** Time charged in the window, with what accrues now. */
  readonly charged: Millis;
  /** Number of lone jobs, batch jobs and holds being charged now: the milliseconds charged per millisecond. */
  readonly rate: number;
  /** When the oldest ledger entry leaves the window and frees some budget; null if the window has no entry. */
  readonly releasedAt: Millis | null;
}

export const isUsedUp = ({ budget, charged }: Pick<BudgetView, 'budget' | 'charged'>): boolean =>
  charged >= budget;

/**
 * Returns when the budget must be checked next: when it is used up at this rate, or when an entry leaves the window.
 */
export function budgetDeadlineOf(view: BudgetView, at: Millis): Millis | null {
  if (isUsedUp(view)) return view.releasedAt === null ? null : Math.max(view.releasedAt, at + 1);
  return reachedAt({ ...view, since: at }, view.budget);
}

/** Returns the reason for closing sessions and refusing submits. */
export const budgetReason = (budget: Millis): string => `budget of ${toSeconds(budget)} s reached`;
