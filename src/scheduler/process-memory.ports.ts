import type { Millis } from '../kernel/time.js';
import type { JobRecord } from './ports.js';

/*
 * What a process remembers beside the store. Each of these is held by one process: it is made when the process starts, nobody
 * else sees it, and it is lost with the process. That is right as long as one process serves a database (`folder-lock.ts`
 * sees to it). Before a second one may, each of these must be shared or asked of the store.
 */

/** Dispatches and budget reviews that a transaction deferred because more deadlines were due than it applies. */
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

/** Held by one process: when the next deadline is due, and what earlier transactions have left to be looked at. */
export interface DueMemory {
  /** Milliseconds UTC. Lower than the truth is harmless, higher would be late. -Infinity: not known, the store is asked. */
  next: Millis;
  readonly left: DeferredWork;
  /** Something new is due then; undefined: nothing is. */
  note(at: Millis | undefined): void;
}

/**
 * Held by one process: by the id of a session with a heartbeat, when its client was last heard of. It is read when the
 * session's silence would end it, and stored only then.
 */
export type HeardMemory = Pick<Map<string, Millis>, 'get' | 'set' | 'delete'>;

/** Held by one process: by the id of the session or job that a submit made, where the answer to that submit is. */
export interface AnswerMemory {
  /** Sessions and jobs whose answer is on its way. */
  readonly answering: Set<string>;
  /** Answers that arrived; their receipts go with the next change, which costs no commit of its own. */
  readonly arrived: Set<string>;
  /** Those whose receipts a change takes away now: the others that share its commit need not do it again. */
  readonly leaving: Set<string>;
}

/** What the scheduler itself remembers between transactions. Held by one process. */
export interface ProcessMemory {
  readonly due: DueMemory;
  readonly heard: HeardMemory;
  readonly answers: AnswerMemory;
}
export const PROCESS_MEMORY = Symbol('ProcessMemory');

/** A row that was read, and how many characters its texts have. */
export interface ReadJob {
  readonly job: JobRecord;
  readonly size: number;
}

/**
 * Held by one process: jobs as they were last read, each until a transaction that changed it has ended. It relies on this
 * process being the only writer, because whatever changes a row must say so here.
 */
export interface JobMemory {
  /** The job as it was committed last. `read` asks the store where it is not remembered. */
  find(id: string, read: (id: string) => Promise<ReadJob | null>): Promise<JobRecord | null>;
  /** The open transaction changes this job. */
  changes(id: string): void;
  /** The open transaction changes jobs it does not know one by one. */
  changesMany(): void;
  /** The open transaction was committed or undone; to be said before anyone is told. */
  transactionEnded(): void;
}

/** How much of a backend's general queue is one instance's. */
export interface InstanceQueue {
  readonly instance: string;
  readonly queued: number;
}

/** Held by one process: how long queues are, each until something is written, or for a while where counting takes long. */
export interface QueueMemory {
  /** `queued`: how long the queue is; `asker`: an instance that has something in it. */
  of(
    queue: { readonly backend: string; readonly queued: number; readonly asker: string },
    count: () => Promise<readonly InstanceQueue[]>,
  ): Promise<readonly InstanceQueue[]>;
  /** How many jobs are before one; `question` says of which queue, which one, and up to how many are counted. */
  before(question: readonly (string | number)[], count: () => Promise<number>): Promise<number>;
  /** Something was written. */
  changed(): void;
}
