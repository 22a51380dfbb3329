import type { Millis } from '../kernel/time.js';
import type { JobRecord } from './ports.js';

/*
 * What a process remembers beside the store. Each of these is held by one process: it is created when the process
 * starts, nobody else sees it, and it is lost when the process ends. That is correct while one process serves a
 * database, which `folder-lock.ts` ensures. Before a second process may serve it, each of these must be shared or read
 * from the store.
 */

/** Dispatches and budget reviews that a unit of work deferred, because more deadlines were due than it applies. */
export interface DeferredWork {
  /** Backends to dispatch. */
  readonly backends: Set<string>;
  /** Instances whose budget runs out at another time than before. */
  readonly instances: Set<string>;
  /** Instances refunded for a lost attempt. */
  readonly refunded: Set<string>;
  /** How often work has been deferred; tells whether more was added since it was read. */
  times: number;
}

/** Held by one process: the time of the next deadline, and work that earlier units of work deferred. */
export interface DeadlineMemory {
  /** Milliseconds UTC. It may be too early, but never too late. -Infinity if unknown; then the store is read. */
  next: Millis;
  readonly deferred: DeferredWork;
  /** Records a new deadline; undefined if there is none. */
  note(at: Millis | undefined): void;
}

/**
 * Held by one process: when the client of a session with a heartbeat was last seen, by the session's id. It is read
 * when the heartbeat deadline comes, and stored only then.
 */
export type ClientMemory = Pick<Map<string, Millis>, 'get' | 'set' | 'delete'>;

/**
 * Held by one process: how far the answer to a submit has got, by the id of the session or the job that the submit
 * created.
 */
export interface AnswerMemory {
  /** Sessions and jobs whose answers are being sent. */
  readonly answering: Set<string>;
  /** Those whose answers arrived. Their receipts are removed with the next change, which saves a commit. */
  readonly arrived: Set<string>;
  /**
   * Those whose receipts are removed by a change that is not committed yet, so that changes in the same commit do not
   * remove them again.
   */
  readonly leaving: Set<string>;
}

/** What the scheduler itself remembers between transactions. Held by one process. */
export interface ProcessMemory {
  readonly deadlines: DeadlineMemory;
  readonly clientSeen: ClientMemory;
  readonly answers: AnswerMemory;
}
export const PROCESS_MEMORY = Symbol('ProcessMemory');

/** A job row and the number of characters in its texts. */
export interface ReadJob {
  readonly job: JobRecord;
  readonly size: number;
}

/**
 * Held by one process: jobs as they were last read, each until a transaction that changed it has ended. It relies on
 * this process being the only writer: every change of a row must be reported here.
 */
export interface JobMemory {
  /** The last committed state of a job. Calls `read` if the job is not remembered. */
  find(id: string, read: (id: string) => Promise<ReadJob | null>): Promise<JobRecord | null>;
  /** Reports that the open transaction changes this job. */
  markChanged(id: string): void;
  /** Reports that the open transaction changes jobs that it does not know one by one. */
  markManyChanged(): void;
  /** Reports that the open transaction was committed or undone. Must be called before anyone else learns of it. */
  transactionEnded(): void;
}

/** How many jobs of a backend's general queue belong to one instance. */
export interface InstanceQueue {
  readonly instance: string;
  readonly queued: number;
}

/** Held by one process: the lengths of queues, each until the next write, or for a while if counting takes long. */
export interface QueueMemory {
  /** `queued` is the length of the queue, `requester` an instance with a job in it. */
  countsOf(
    queue: { readonly backend: string; readonly queued: number; readonly requester: string },
    count: () => Promise<readonly InstanceQueue[]>,
  ): Promise<readonly InstanceQueue[]>;
  /** How many jobs go before one. `question` identifies the queue, the job and the highest count. */
  countBefore(question: readonly (string | number)[], count: () => Promise<number>): Promise<number>;
  /** Reports that something was written. */
  invalidate(): void;
}
