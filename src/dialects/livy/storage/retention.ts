import { isFinal, type Job } from '../../../kernel/job/job.js';
import type { CloseCode, Session } from '../../../kernel/session/session.js';
import type { Millis } from '../../../kernel/time.js';

/**
 * Sessions that closed for these reasons are shown until their retention is over. Other closed sessions are not shown.
 */
export const retainedCloseCodes = [
  ...(['runner_lost', 'runner_ended', 'runner_not_started', 'stopped', 'closed_by_admin'] as const),
] as const satisfies readonly CloseCode[];

/** Returns whether the retention of something that ended at `endedAt` is over (Livy dialect, retention). */
export const isRetentionOver = (endedAt: Millis | null, endedAfter: Millis): boolean =>
  (endedAt ?? 0) <= endedAfter;

/** Returns whether a session that nobody deleted is still shown. The store decides the same in SQL. */
export const isSessionShown = (
  { state, closeCode, closedAt }: Pick<Session, 'state' | 'closeCode' | 'closedAt'>,
  endedAfter: Millis,
): boolean =>
  state !== 'closed' ||
  (retainedCloseCodes.some((code) => code === closeCode) && !isRetentionOver(closedAt, endedAfter));

/** Returns whether a batch that nobody deleted is still shown. The store decides the same in SQL. */
export const isBatchShown = (
  { state, endedAt }: Pick<Job, 'state' | 'endedAt'>,
  endedAfter: Millis,
): boolean => !isFinal(state) || !isRetentionOver(endedAt, endedAfter);
