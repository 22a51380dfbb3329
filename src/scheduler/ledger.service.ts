import { Inject, Injectable } from '@nestjs/common';
import type { LedgerEntry } from '../kernel/usage/usage.js';
import { STORE, type LedgerFilter, type Store } from './ports.js';

/** What was charged to whom; written only with the change that caused it. */
@Injectable()
export class LedgerService {
  constructor(@Inject(STORE) private readonly store: Store) {}

  list(filter: LedgerFilter): Promise<(LedgerEntry & { id: number })[]> {
    return this.store.read.ledger(filter);
  }
}
