import { reachedAt } from './accrual.js';
import { toSeconds, type Millis } from '../time.js';

/** What an instance may be charged in the fair-share window, and how it stands at one moment (semantics: usage). */
export interface BudgetView {
  readonly budget: Millis;
  /** Charged in the window, with what accrues now. */
  readonly charged: Millis;
  /** How many lone jobs, batch jobs and holds accrue now: so many milliseconds are charged each millisecond. */
  readonly rate: number;
  /** When the oldest entry leaves the window and makes room; null where nothing is settled yet. */
  readonly releasedAt: Millis | null;
}

export const isUsedUp = ({ budget, charged }: Pick<BudgetView, 'budget' | 'charged'>): boolean =>
  charged >= budget;

/** When the clock must next look at the budget: when it is reached at this rate, or when room is made. */
export function budgetDueAt(view: BudgetView, at: Millis): Millis | null {
  if (isUsedUp(view)) return view.releasedAt === null ? null : Math.max(view.releasedAt, at + 1);
  return reachedAt({ ...view, since: at }, view.budget);
}

/** Why sessions close and submits are refused. */
export const budgetReason = (budget: Millis): string => `budget of ${toSeconds(budget)} s reached`;
