import { Inject, Injectable } from '@nestjs/common';
import { Refusal } from '../kernel/refusal.js';
import type { LedgerEntry } from '../kernel/usage/usage.js';
import {
  STORE,
  type LedgerFilter,
  type LedgerGroup,
  type LedgerPage,
  type LedgerSums,
  type Store,
} from './ports.js';

export interface LedgerView {
  readonly entries: readonly (LedgerEntry & { readonly id: number })[];
  /** Of all entries of the filter, not of the page; null on every page but the first, which has told it. */
  readonly sums: LedgerSums | null;
}

/** What was charged to whom; written only with the change that caused it. */
@Injectable()
export class LedgerService {
  constructor(@Inject(STORE) private readonly store: Store) {}

  async view(
    filter: LedgerFilter,
    page: Required<Pick<LedgerPage, 'limit'>> & LedgerPage,
    by: readonly LedgerGroup[],
  ): Promise<LedgerView> {
    const { from, to } = filter;
    if (from !== undefined && to !== undefined && from >= to)
      throw new Refusal('period_reversed', { from, to });
    // Asked together, so that no entry comes in between.
    const [entries, sums] = await Promise.all([
      this.store.read.ledger(filter, page),
      page.after === undefined ? this.store.read.ledgerSums(filter, by) : null,
    ]);
    return { entries, sums };
  }
}
