import type { Millis } from '../time.js';

/**
 * One charge, written in the transaction that changed the state and never changed afterwards. `hold`: a dedicated
 * session held a slot. `job`: a lone or batch job occupied a lane. The sum over all entries equals the sum of the
 * `used` of all sessions and lone jobs (semantics: usage).
 */
export interface LedgerEntry {
  readonly kind: 'hold' | 'job';
  readonly backend: string;
  readonly slot: number;
  readonly instance: string;
  readonly user: string;
  readonly session: string | null;
  /** The job that was charged; null for a hold. */
  readonly job: string | null;
  readonly from: Millis;
  readonly to: Millis;
}

export const chargedTime = (entry: LedgerEntry): Millis => entry.to - entry.from;

/** Length of the fair-share window unless configured otherwise (semantics: who runs next). */
export const defaultFairShareWindow: Millis = 28 * 24 * 3600 * 1000;
