import type { Job } from '../../../kernel/job/job.js';
import type { Session } from '../../../kernel/session/session.js';
import type { Text } from '../../../scheduler/long-text.js';
import type { Millis } from '../../../kernel/time.js';

/** The two types that have a number: a session (of the kernel), or a batch (a lone job). */
export type LivyType = 'session' | 'batch';

/** The request that created a session or batch. Answers repeat its members. */
export type LivyRequest = Readonly<Record<string, unknown>>;

/** The dialect's own row for a session or batch. After the insert only `removedAt` changes. */
export interface LivyEntry {
  readonly type: LivyType;
  /** A number per type, from 0. Never reused. */
  readonly number: number;
  /** Id of the kernel's session, or of the batch's job. */
  readonly subject: string;
  /** The hidden job that starts a session's interpreter, or the job of a batch. It has the log of the process. */
  readonly job: string;
  readonly instance: string;
  readonly name: string | null;
  readonly request: LivyRequest;
  /** When the user deleted the session or batch; null before. A deleted one is answered with 404. */
  readonly removedAt: Millis | null;
}

export type LivySession = LivyEntry & { readonly session: Session };
export type LivyBatch = LivyEntry & { readonly run: Job };

/** A statement: its job with its texts. */
export interface LivyStatement {
  readonly number: number;
  readonly job: Job;
  /** `{"statement", "kind", "code"}` as JSON text. */
  readonly params: Text;
  /** Livy's output object as JSON text; null while there is none. */
  readonly output: Text | null;
}

export interface LivyPage {
  /** Only entries of this instance; undefined means all instances. */
  readonly instance: string | undefined;
  /** Only entries of this user; undefined means all users. */
  readonly onlyOf: string | undefined;
  /** Entries that ended at this moment or earlier are left out. */
  readonly endedAfter: Millis;
  readonly from: number;
  readonly size: number;
}

export interface LivyTx {
  /** Returns the next number of this type. The number is used up even if nothing is inserted. */
  nextNumber(type: LivyType): Promise<number>;
  insert(entry: Omit<LivyEntry, 'removedAt'>): Promise<void>;
  /** Returns the instance's entry with this name that is still shown: neither removed nor ended by `endedAfter`. */
  findByName(type: LivyType, name: string, instance: string, endedAfter: Millis): Promise<LivyEntry | null>;
  /** Marks an entry as removed, and deletes the texts of its statements, because nobody can read them. */
  remove(type: LivyType, number: number, at: Millis): Promise<void>;
  /** Removes a few sessions that ended by `endedAfter`. */
  sweep(endedAfter: Millis, at: Millis): Promise<void>;
  /** Returns the entry of a session, or of the job of a batch. */
  bySubject(type: LivyType, subject: string): Promise<LivyEntry | null>;
  /** Returns the number for the session's next statement. */
  nextStatement(session: number): Promise<number>;
  addStatement(session: number, number: number, job: string): Promise<void>;
  /** Returns the number of the statement that has this job. */
  statementOf(job: string): Promise<number | null>;
}

export interface LivyReads {
  /** Finds a session. A name is looked up in this instance; undefined means the latest of that name in any instance. */
  session(numberOrName: number | string, instance: string | undefined): Promise<LivySession | null>;
  sessions(page: LivyPage): Promise<{ items: LivySession[]; total: number }>;
  batch(numberOrName: number | string, instance: string | undefined): Promise<LivyBatch | null>;
  batches(page: LivyPage): Promise<{ items: LivyBatch[]; total: number }>;
  statement(session: number, number: number): Promise<LivyStatement | null>;
  statements(
    session: number,
    page: { from: number; size: number; newestFirst: boolean },
  ): Promise<{ items: LivyStatement[]; total: number }>;
  /** Returns only the numbers of the statements of a page. */
  statementNumbers(
    session: number,
    page: { from: number; size: number; newestFirst: boolean },
  ): Promise<{ numbers: number[]; total: number }>;
  /** Returns the bytes of code and outputs on a page. */
  statementBytes(
    session: number,
    page: { from: number; size: number; newestFirst: boolean },
  ): Promise<number>;
}
