import type { Millis } from '../kernel/time.js';

/** Entries that overlap the time between `from` and `to`. */
export interface LedgerFilter {
  readonly instance?: string;
  readonly backend?: string;
  readonly user?: string;
  readonly from?: Millis;
  readonly to?: Millis;
}

/** One page: at most `limit` entries after the one with id `after`. */
export interface LedgerPage {
  readonly after?: number;
  readonly limit?: number;
}

export const ledgerGroups = ['instance', 'user', 'backend', 'session'] as const;
export type LedgerGroup = (typeof ledgerGroups)[number];

/** The sum of a set of entries. Entries are clipped to the requested range. */
export interface LedgerSum {
  readonly charged: Millis;
  readonly entries: number;
}
export interface LedgerSums extends LedgerSum {
  /** One for each combination of the requested groups, the largest first. */
  readonly groups: readonly (LedgerSum & {
    readonly [G in Exclude<LedgerGroup, 'session'>]?: string;
  } & { readonly session?: string | null })[];
  /** The number of further groups. */
  readonly groupsLeftOff: number;
}
