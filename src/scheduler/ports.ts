import type { Role, Sharing } from '../kernel/access/access.js';
import type { Backend } from '../kernel/backend/backend.js';
import type { WaitingView } from '../kernel/choice/waiting.js';
import type { Choice, Snapshot } from '../kernel/choice/snapshot.js';
import type { FinishedJob } from '../kernel/estimate/forecast.view.js';
import type { ForecastView } from '../kernel/estimate/forecast.view.js';
import type { Job, JobState } from '../kernel/job/job.js';
import type { RequestedLimits } from '../kernel/session/session.limits.js';
import type { DeadlineKind } from '../kernel/session/session.deadline.js';
import type { Session, SessionMode, SessionState } from '../kernel/session/session.js';
import type { Millis } from '../kernel/time.js';
import type { BudgetView } from '../kernel/usage/budget.js';
import type { LedgerEntry } from '../kernel/usage/usage.js';
import type { EventFilter, EventRecord } from './events.ports.js';
import type { LedgerFilter, LedgerGroup, LedgerPage, LedgerSums } from './ledger.ports.js';
import type { Text } from './long-text.js';
import type { Query } from './query.ports.js';
import type { TextsReads, TextsTx } from './texts.ports.js';

export * from './events.ports.js';
export * from './ledger.ports.js';
export * from './runners.ports.js';

// --- Rows that the kernel does not use ------------------------------------------------------------------------------

/** A tenant. `crn` is its name for clients of cloud services. */
export interface Instance {
  readonly id: string;
  readonly name: string;
  readonly crn: string;
  readonly shares: number;
  readonly budget: Millis | null;
  readonly plan: RequestedLimits & {
    readonly modes?: readonly SessionMode[];
    readonly maxExecutionTime?: Millis;
    /** The most jobs that it may have queued at once, over all backends. */
    readonly maxPendingJobs?: number;
  };
  readonly sharing: Sharing;
  readonly createdAt: Millis;
}

/** An API token. Its secret is never stored. */
export interface Token {
  readonly id: string;
  /** SHA-256 of the secret, hexadecimal. */
  readonly hash: string;
  readonly user: string;
  readonly role: Role;
  readonly instance: string;
  readonly createdAt: Millis;
  readonly expiresAt: Millis | null;
  readonly revokedAt: Millis | null;
}

/** Members of a submit that no rule depends on. */
export interface JobDetails {
  readonly tags: readonly string[];
  readonly logLevel: string;
  readonly private: boolean;
  readonly calibrationId: string | null;
  readonly runtime: string | null;
  /** Seconds that the client sent as `cost`. */
  readonly cost: number | null;
  /** Package → version, as reported by the worker that ended the job. */
  readonly ranWith?: Readonly<Record<string, string>>;
}
export type JobRecord = Job & { readonly details: JobDetails };

/** A submit that was answered with `subject`, the id of a session or a job. */
export interface Receipt {
  readonly key: string;
  readonly subject: string;
  /** Hash of the body if the client chose the key; null otherwise. */
  readonly hash: string | null;
  readonly at: Millis;
}

// --- Store ----------------------------------------------------------------------------------------------------------

/** A deadline that has come. */
export interface DueDeadline {
  /** Null if this version does not know the kind. */
  readonly kind: DeadlineKind | null;
  /** The stored kind, for the log, if this version does not know it. */
  readonly unknownKind?: string;
  readonly at: Millis;
  readonly subject: 'session' | 'job' | 'instance';
  readonly id: string;
}

/** A stored row that this version cannot read. It is refused, never guessed. */
export class UnreadableRow extends Error {
  constructor(
    readonly table: string,
    /** The row's key. */
    readonly row: string,
    why: string,
  ) {
    super(`Row ${row} of ${table} cannot be read: ${why}.`);
    this.name = 'UnreadableRow';
  }
}

/** The next deadline of a row, and its kind. */
export interface Deadline {
  readonly at: Millis;
  readonly kind: DeadlineKind;
}

/** The operations of one transaction. Rows are read here in order to change them. */
export interface Tx {
  readonly sessions: {
    find(id: string): Promise<Session | null>;
    insert(session: Session, due: Deadline | null): Promise<void>;
    save(session: Session, due: Deadline | null): Promise<void>;
    /** The number of the next activation, higher than that of any session. */
    nextActivation(): Promise<number>;
    /** Dedicated sessions that hold a slot anywhere. */
    holding(): Promise<Session[]>;
    /** Sessions of an instance that are not closed. */
    notClosedOf(instance: string): Promise<Session[]>;
  };
  readonly jobs: {
    find(id: string): Promise<Job | null>;
    /** Stores a new queued job with its params and assigns the next submission number. */
    insert(job: Omit<JobRecord, 'seq'>, params: Text): Promise<Job>;
    save(job: Job, due: Deadline | null): Promise<void>;
    /** Ends all queued jobs of a session at once and returns their number. */
    endQueuedOf(session: string, how: Pick<Job, 'state' | 'reason' | 'endCode'>, at: Millis): Promise<number>;
    /** The number of an instance's queued jobs, alone and in sessions, on all backends. */
    countQueuedOf(instance: string): Promise<number>;
    /** Submission number of the session's first queued job. */
    headOf(session: string): Promise<number | null>;
    runningOf(session: string): Promise<Job[]>;
    /** Running jobs that need a runner, which are those without a script. */
    runningOnRunners(): Promise<Job[]>;
    saveResult(job: string, result: Text): Promise<void>;
    /** Removes the result and returns it. */
    takeResult(job: string): Promise<Text | null>;
    appendLog(job: string, at: Millis, level: string, text: string): Promise<void>;
    saveTags(job: string, tags: readonly string[]): Promise<void>;
    saveRanWith(job: string, versions: Readonly<Record<string, string>>): Promise<void>;
    remove(job: string): Promise<void>;
  };
  readonly backends: {
    find(name: string): Promise<Backend | null>;
    names(): Promise<string[]>;
    insert(backend: Backend): Promise<void>;
    save(backend: Backend): Promise<void>;
    /** Whether the backend has a session that is not closed or a job that has not ended. */
    isInUse(name: string): Promise<boolean>;
    remove(name: string): Promise<void>;
    countQueued(name: string, change: number): Promise<void>;
    reserve(name: string, reservations: Choice['reservations']): Promise<void>;
  };
  readonly instances: {
    find(id: string): Promise<Instance | null>;
    findByName(name: string): Promise<Instance | null>;
    insert(instance: Instance): Promise<void>;
    /** Saves the shares, the budget and the plan. */
    save(instance: Instance): Promise<void>;
    /** The state of the instance's budget; null if it has none. */
    budget(id: string, at: Millis, fairShareWindow: Millis): Promise<BudgetView | null>;
    /** When enough charges have left the window for a used-up budget to have room; null if that never happens. */
    roomAt(id: string, view: BudgetView, at: Millis, fairShareWindow: Millis): Promise<Millis | null>;
    saveBudgetDeadline(id: string, dueAt: Millis | null): Promise<void>;
  };
  readonly tokens: {
    find(id: string): Promise<Token | null>;
    insert(token: Token): Promise<void>;
    revoke(id: string, at: Millis): Promise<void>;
  };
  readonly receipts: {
    /** Receipts with this key that are not older than `from`, oldest first. */
    find(key: string, from: Millis): Promise<Receipt[]>;
    insert(receipt: Receipt): Promise<void>;
    /** Removes the receipts of these sessions or jobs, whose answers have arrived. */
    remove(subjects: readonly string[]): Promise<void>;
    removeBefore(at: Millis): Promise<void>;
  };
  readonly events: {
    append(event: Omit<EventRecord, 'id'>): Promise<void>;
    /** Appends the same event for every queued job of a session. */
    appendForQueuedOf(session: string, event: Omit<EventRecord, 'id' | 'job'>): Promise<void>;
  };
  readonly ledger: { append(entries: readonly LedgerEntry[]): Promise<void> };
  readonly texts: TextsTx;
  /** The tables of the dialects, within this transaction. */
  readonly query: Query;
  /** The first deadline at or before `at`, in order of due time and rank. */
  firstDeadline(at: Millis): Promise<DueDeadline | null>;
  /** Runs `work` in a savepoint. If `work` throws, only its changes are undone, and the transaction can go on. */
  inSavepoint<T>(work: () => Promise<T>): Promise<T>;
  /** Clears a deadline that cannot take effect. The next change of its row sets it again. */
  disarmDeadline(due: DueDeadline): Promise<void>;
  /** The time of the earliest deadline; null if there is none. */
  nextDeadlineAt(): Promise<Millis | null>;
  /** What the choice reads about one backend; see {@link Snapshot}. */
  snapshot(backend: string, at: Millis, fairShareWindow: Millis): Promise<Snapshot | null>;
  /** Small facts about the service itself. */
  readonly facts: {
    get(key: Fact): Promise<string | null>;
    set(key: Fact, value: string): Promise<void>;
    remove(key: Fact): Promise<void>;
  };
}
/** `signing_key` exists only in databases of older versions. */
export type Fact = 'alive_at' | 'signing_key' | 'bootstrap_token' | DialectFact;
/** The key of a fact that a dialect stores; {@link factOf} makes it. */
export type DialectFact = string & { readonly of: 'dialect' };
export const factOf = (dialect: string, name: string): DialectFact => `${dialect}_${name}` as DialectFact;

export interface Page<T> {
  readonly items: T[];
  readonly total: number;
}

export interface JobFilter {
  readonly instance?: string;
  /** Only jobs that this user submitted or is charged for. */
  readonly onlyOf?: string | undefined;
  readonly backend?: string;
  readonly program?: string;
  readonly session?: string;
  readonly states?: readonly JobState[];
  readonly tags?: readonly string[];
  readonly createdFrom?: Millis;
  readonly createdTo?: Millis;
  readonly oldestFirst?: boolean;
  readonly limit: number;
  readonly offset: number;
}

export interface SessionFilter {
  readonly instance?: string;
  readonly backend?: string;
  readonly user?: string;
  readonly mode?: SessionMode;
  readonly states?: readonly SessionState[];
  /** Sessions older than the one with this id, newest first. */
  readonly after?: string;
  readonly limit: number;
}

/** Committed state, read without a lock. */
export interface Reads {
  session(id: string): Promise<Session | null>;
  sessions(filter: SessionFilter): Promise<Session[]>;
  job(id: string): Promise<JobRecord | null>;
  jobs(filter: JobFilter): Promise<Page<JobRecord>>;
  /** Whether a job runs on a process or a session holds a slot. */
  isAccruing(): Promise<boolean>;
  params(job: string): Promise<Text | null>;
  result(job: string): Promise<Text | null>;
  readonly texts: TextsReads;
  logs(job: string): Promise<{ at: Millis; level: string; text: string }[]>;
  backend(name: string): Promise<Backend | null>;
  backends(): Promise<Backend[]>;
  /** Each slot with its holder and its reservation. */
  slots(backend: Backend): Promise<Snapshot['slots']>;
  instance(id: string): Promise<Instance | null>;
  instanceByCrn(crn: string): Promise<Instance | null>;
  instances(): Promise<Instance[]>;
  token(id: string): Promise<Token | null>;
  tokenByHash(hash: string): Promise<Token | null>;
  tokens(): Promise<Token[]>;
  /** What decides the place of a queued job among the others on its backend. */
  waiting(job: Job, at: Millis, fairShareWindow: Millis): Promise<WaitingView | null>;
  /** One backend with the beginning of its queue. The instances include `requester` even if it has nothing queued. */
  forecast(
    backend: string,
    at: Millis,
    fairShareWindow: Millis,
    requester: string | null,
  ): Promise<ForecastView | null>;
  /** How long recent jobs of a program took on a backend, without scripted jobs. */
  finished(backend: string, program: string): Promise<FinishedJob[]>;
  /** Oldest first. */
  events(filter: EventFilter): Promise<EventRecord[]>;
  lastEvent(): Promise<number>;
  /** Charged to an instance by entries that ended after `from`, plus what accrues until `at`. */
  charged(instance: string, from: Millis, at: Millis): Promise<Millis>;
  /** Oldest first. */
  ledger(filter: LedgerFilter, page?: LedgerPage): Promise<(LedgerEntry & { id: number })[]>;
  /** Sums over all entries of the filter, computed by the database; at most a thousand groups. */
  ledgerSums(filter: LedgerFilter, by: readonly LedgerGroup[]): Promise<LedgerSums>;
  /** The tables of the dialects. */
  readonly query: Query;
}

export interface Store {
  readonly read: Reads;
  /**
   * Runs `work` in a transaction, one at a time, and resolves once it is durable. Waiting transactions share one
   * commit; a failure undoes only its own work.
   */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}
export const STORE = Symbol('Store');

// --- Clock, identities ---------------------------------------------------------------------------------------

export interface Clock {
  readonly mode: 'real' | 'virtual';
  /** Never earlier than any value before. */
  now(): Millis;
  /** Sets the time to `at` if it is earlier: the service was alive at that moment. */
  startFrom(at: Millis): void;
  /** The computer's own time, to compare with times of other programs (a JWT's `exp`). */
  wall(): Millis;
  /** Calls `wake` once, at or after `at`. A virtual clock never does: whoever moves its time applies what is due. */
  wakeAt(at: Millis, wake: () => void): void;
}
export const CLOCK = Symbol('Clock');

export interface Ids {
  uuid(): string;
  /** 256 random bits, base64url. */
  secret(): string;
}
export const IDS = Symbol('Ids');
