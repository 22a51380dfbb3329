import type { Job } from '../job/job.js';
import type { Session } from '../session/session.js';
import type { Millis } from '../time.js';
import { accruedBy, type Accruing } from './accrual.js';
import { isUsedUp, type BudgetView } from './budget.js';
import { chargedTime, type LedgerEntry } from './usage.js';

/*
 * The rules of usage over whole lists of entries, jobs and sessions. A store computes the same from running totals and
 * indexes, because the lists are long. The simulation compares both.
 */

/** What one instance is charged for: its ledger entries in their order, and its jobs and sessions that are not ended. */
export interface Charges {
  readonly entries: readonly LedgerEntry[];
  readonly jobs: readonly Job[];
  readonly sessions: readonly Session[];
}

/** Returns whether a job is being charged: a lone or batch job that runs. The others are paid for by a hold. */
export const isJobCharged = ({ state, mode }: Job): boolean => state === 'running' && mode !== 'dedicated';

/** Returns whether a session is being charged for the slot that it holds. */
export const isHoldCharged = ({ slot, heldSince }: Session): boolean => slot !== null && heldSince !== null;

/** Returns the jobs and holds that are being charged now. */
export function accruingOf({ jobs, sessions }: Pick<Charges, 'jobs' | 'sessions'>): Accruing {
  const starts = [
    ...jobs.filter(isJobCharged).map(({ startedAt }) => startedAt ?? 0),
    ...sessions.filter(isHoldCharged).map(({ heldSince }) => heldSince ?? 0),
  ];
  return { count: starts.length, starts: starts.reduce((sum, start) => sum + start, 0) };
}

/** Returns whether an entry counts in a window that begins at `from`. An entry counts in full until its end leaves. */
export const isInWindow = ({ to }: LedgerEntry, from: Millis): boolean => to > from;

/** Returns the charge of entries that ended after `from`, with what accrues until `at`. */
export const chargedIn = (charges: Charges, from: Millis, at: Millis): Millis =>
  charges.entries
    .filter((entry) => isInWindow(entry, from))
    .reduce((sum, entry) => sum + chargedTime(entry), accruedBy(accruingOf(charges), at));

/** Returns the use of a budget at `at`. */
export function budgetViewOf(charges: Charges, budget: Millis, at: Millis, window: Millis): BudgetView {
  const ends = charges.entries.filter((entry) => isInWindow(entry, at - window)).map(({ to }) => to);
  return {
    budget,
    charged: chargedIn(charges, at - window, at),
    rate: accruingOf(charges).count,
    releasedAt: ends.length === 0 ? null : Math.min(...ends) + window,
  };
}

/**
 * Returns when so many entries have left the window that a budget used up at `at` is so no longer, if nothing more is
 * charged; null if that never happens.
 */
export function roomAtOf(
  entries: readonly LedgerEntry[],
  { budget, charged }: Pick<BudgetView, 'budget' | 'charged'>,
  at: Millis,
  window: Millis,
): Millis | null {
  let remaining = charged;
  for (const entry of entries.filter((each) => isInWindow(each, at - window))) {
    remaining -= chargedTime(entry);
    if (!isUsedUp({ budget, charged: remaining })) return entry.to + window;
  }
  return null;
}

/** Returns the part of an entry's time inside a range; zero or less if the entry does not overlap the range. */
export const timeWithin = (
  entry: LedgerEntry,
  range: { readonly from: Millis; readonly to: Millis },
): Millis => Math.min(entry.to, range.to) - Math.max(entry.from, range.from);
