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
  /** Sums over all entries of the filter, not only the page. Null on every page after the first, which has them. */
  readonly sums: LedgerSums | null;
}

/** Reads what was charged to whom. Entries are only written with the change that caused them. */
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
    // Read both at the same time, so that no entry is added in between.
    const [entries, sums] = await Promise.all([
      this.store.read.ledger(filter, page),
      page.after === undefined ? this.store.read.ledgerSums(filter, by) : null,
    ]);
    return { entries, sums };
  }
}
