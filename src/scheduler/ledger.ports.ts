import type { Millis } from '../kernel/time.js';

/** Entries that overlap the time between `from` and `to`. */
export interface LedgerFilter {
  readonly instance?: string;
  readonly backend?: string;
  readonly user?: string;
  readonly from?: Millis;
  readonly to?: Millis;
}

/** One page: `limit` entries that came after the one with id `after`. */
export interface LedgerPage {
  readonly after?: number;
  readonly limit?: number;
}

export const ledgerGroups = ['instance', 'user', 'backend', 'session'] as const;
export type LedgerGroup = (typeof ledgerGroups)[number];

/** What a set of entries comes to. Of an entry that reaches beyond the asked time only the part inside counts. */
export interface LedgerSum {
  readonly charged: Millis;
  readonly entries: number;
}
export interface LedgerSums extends LedgerSum {
  /** One for each combination of what was asked to be told apart, the largest first. */
  readonly groups: readonly (LedgerSum & {
    readonly [G in Exclude<LedgerGroup, 'session'>]?: string;
  } & { readonly session?: string | null })[];
  /** How many further groups there are. */
  readonly groupsLeftOff: number;
}
