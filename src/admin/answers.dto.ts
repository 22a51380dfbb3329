/** Answers of the operator API that hold more than the DTO that was sent. */

export class LedgerEntryAnswer {
  id!: number;
  /** `hold`: a dedicated session committed a slot. `job`: a lone or batch job occupied a lane. */
  kind!: 'hold' | 'job';
  backend!: string;
  slot!: number;
  /** Name of the instance that was charged. */
  instance!: string;
  user!: string;
  session_id!: string | null;
  /** Null for a hold. */
  job_id!: string | null;
  from!: string;
  to!: string;
  /** Between `from` and `to` of this entry, or the part of it that was asked for. */
  charged_seconds!: number;
}

export class LedgerGroupAnswer {
  instance?: string;
  user?: string;
  backend?: string;
  session_id?: string | null;
  charged_seconds!: number;
  entries!: number;
}

export class LedgerSumsAnswer {
  /** Over all pages. */
  charged_seconds!: number;
  entries!: number;
  /** By what `sum_by` asked for, the largest first; at most 1000. */
  groups!: LedgerGroupAnswer[];
}

export class LedgerAnswer {
  /** Oldest first. */
  entries!: LedgerEntryAnswer[];
  /** Sent as `after` it brings the following page; null on the last one. */
  next!: number | null;
  /** Of everything that was asked for, on the first page; null on the following ones. */
  sums!: LedgerSumsAnswer | null;
}
