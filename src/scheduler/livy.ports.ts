import type { Job } from '../kernel/job/job.js';
import type { CloseCode, Session } from '../kernel/session/session.js';
import type { Text } from './long-text.js';
import type { Millis } from '../kernel/time.js';

/** What Livy's clients know by a number: a session (of the kernel), or a batch (a lone job). */
export type LivyType = 'session' | 'batch';

/** What the client said when it created the session or batch, echoed in every answer. */
export type LivyAsked = Readonly<Record<string, unknown>>;

/** Sessions that closed for these reasons are shown until their retention is over; all others are gone at once. */
export const keptCloses = [
  ...(['runner_lost', 'runner_ended', 'runner_not_started', 'stopped', 'closed_by_admin'] as const),
] as const satisfies readonly CloseCode[];

/** The dialect's own row beside a session or job. It is written once; only `removedAt` changes. */
export interface LivyEntry {
  readonly type: LivyType;
  /** Per type from 0, never reused. */
  readonly number: number;
  /** Id of the kernel's session, or of the batch's job. */
  readonly subject: string;
  /** The hidden job that starts a session's interpreter; a batch's own job. Its log is the log of the process. */
  readonly job: string;
  readonly instance: string;
  readonly name: string | null;
  readonly asked: LivyAsked;
  /** Its user deleted it: it is answered as unknown. */
  readonly removedAt: Millis | null;
}

export type LivySession = LivyEntry & { readonly session: Session };
export type LivyBatch = LivyEntry & { readonly run: Job };

/** A statement as it is read: its job's state with the texts around it, by primary keys. */
export interface LivyStatement {
  readonly number: number;
  readonly job: Job;
  /** `{"statement", "kind", "code"}` as JSON text. */
  readonly params: Text;
  /** Livy's output object as JSON text; null until there is one. */
  readonly output: Text | null;
}

export interface LivyPage {
  /** Undefined: every instance's. */
  readonly instance: string | undefined;
  /** Only this user's. */
  readonly onlyOf: string | undefined;
  /** Ended ones are shown if they ended after this. */
  readonly endedAfter: Millis;
  readonly from: number;
  readonly size: number;
}

export interface LivyTx {
  /** The next number of this type; it counts as used even if nothing is made of it. */
  nextNumber(type: LivyType): Promise<number>;
  insert(entry: Omit<LivyEntry, 'removedAt'>): Promise<void>;
  /** The instance's entry by this name that is not removed and has not ended before `endedAfter`. */
  named(type: LivyType, name: string, instance: string, endedAfter: Millis): Promise<LivyEntry | null>;
  /** Nobody can read it any more: the texts of its statements go too. */
  remove(type: LivyType, number: number, at: Millis): Promise<void>;
  /** Removes a few sessions that ended before `endedAfter`. */
  sweep(endedAfter: Millis, at: Millis): Promise<void>;
  /** The entry of a session or a batch's job. */
  bySubject(type: LivyType, subject: string): Promise<LivyEntry | null>;
  /** The number of the session's next statement. */
  nextStatement(session: number): Promise<number>;
  addStatement(session: number, number: number, job: string): Promise<void>;
  /** The number of the statement that this job is. */
  statementOf(job: string): Promise<number | null>;
}

export interface LivyReads {
  /** By a name only the instance's own; undefined: any instance's, the latest of that name. */
  session(numberOrName: number | string, instance: string | undefined): Promise<LivySession | null>;
  sessions(page: LivyPage): Promise<{ items: LivySession[]; total: number }>;
  batch(numberOrName: number | string, instance: string | undefined): Promise<LivyBatch | null>;
  batches(page: LivyPage): Promise<{ items: LivyBatch[]; total: number }>;
  statement(session: number, number: number): Promise<LivyStatement | null>;
  statements(
    session: number,
    page: { from: number; size: number; newestFirst: boolean },
  ): Promise<{ items: LivyStatement[]; total: number }>;
  /** The numbers of such a page's statements. */
  statementNumbers(
    session: number,
    page: { from: number; size: number; newestFirst: boolean },
  ): Promise<{ numbers: number[]; total: number }>;
  /** Bytes of code and outputs that such a page has. */
  statementBytes(
    session: number,
    page: { from: number; size: number; newestFirst: boolean },
  ): Promise<number>;
}
