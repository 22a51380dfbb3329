import type { Role, Sharing } from '../kernel/access/access.js';
import type { Backend, BackendStatus } from '../kernel/backend/backend.js';
import type { WaitingView } from '../kernel/choice/waiting.js';
import type { Choice, Snapshot } from '../kernel/choice/snapshot.js';
import type { Finished } from '../kernel/estimate/forecast.view.js';
import type { ForecastView } from '../kernel/estimate/forecast.view.js';
import type { Job, JobState } from '../kernel/job/job.js';
import type { AskedLimits } from '../kernel/session/session.limits.js';
import type { DueKind } from '../kernel/session/session.deadline.js';
import type { Session, SessionMode, SessionState } from '../kernel/session/session.js';
import type { Millis } from '../kernel/time.js';
import type { BudgetView } from '../kernel/usage/budget.js';
import type { LedgerEntry } from '../kernel/usage/usage.js';
import type { LedgerFilter, LedgerGroup, LedgerPage, LedgerSums } from './ledger.ports.js';
import type { LivyReads, LivyTx } from './livy.ports.js';
import type { Text } from './long-text.js';
import type { NexosisReads, NexosisTx } from './nexosis.ports.js';
import type { TextsReads, TextsTx } from './texts.ports.js';

export * from './ledger.ports.js';
export * from './runners.ports.js';

// --- Rows that are not the kernel's business ------------------------------------------------------------------------

/** A tenant. `crn` is its name on the Qiskit wire. */
export interface Instance {
  readonly id: string;
  readonly name: string;
  readonly crn: string;
  readonly shares: number;
  readonly budget: Millis | null;
  readonly plan: AskedLimits & {
    readonly modes?: readonly SessionMode[];
    readonly maxExecutionTime?: Millis;
    /** How many of its jobs may be queued at once, over all backends. */
    readonly maxPendingJobs?: number;
  };
  readonly sharing: Sharing;
  readonly createdAt: Millis;
}

/** An API token; the secret itself is never stored. */
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

/** What a client said about its job that no rule of ours depends on. */
export interface JobDetails {
  readonly tags: readonly string[];
  readonly logLevel: string;
  readonly private: boolean;
  readonly calibrationId: string | null;
  readonly runtime: string | null;
  /** Seconds the client asked for as `cost`. */
  readonly cost: number | null;
  /** Package → version, as the worker named them that ended the job. */
  readonly ranWith?: Readonly<Record<string, string>>;
}
export type JobRecord = Job & { readonly details: JobDetails };

/** One change of a session or a job, as the event log keeps it. */
export interface EventRecord {
  readonly id: number;
  readonly type: EventType;
  /** When it took effect: for a deadline its due time. */
  readonly at: Millis;
  readonly processedAt: Millis;
  /** `user alice`, `admin root`, `clock`, `scheduler` or `runner`. */
  readonly actor: string;
  readonly cause: string | null;
  /** Null where the event is of no backend, such as a token that was made. */
  readonly backend: string | null;
  /** The tenant that it concerns; null: all of them, such as a backend that was paused. */
  readonly instance: string | null;
  readonly session: string | null;
  readonly job: string | null;
}
export type EventType =
  | `session.${SessionState | 'draining' | 'resumed'}`
  | `job.${JobState | 'stopping' | 'requeued'}`
  | AdminEventType;

/** What an operator did. */
export type AdminEventType =
  | `backend.${BackendStatus | 'created' | 'changed' | 'removed'}`
  | `instance.${'created' | 'changed'}`
  | `token.${'created' | 'revoked'}`;

export interface EventFilter {
  /** What concerns this tenant, and what concerns all. */
  readonly instance?: string;
  readonly session?: string;
  /** Only what came after the event with this id. */
  readonly after: number;
  readonly limit: number;
}

/** That a submit was answered with `subject`, the id of a session or job. */
export interface Receipt {
  readonly key: string;
  readonly subject: string;
  /** Of the body, where the key alone does not say it. */
  readonly hash: string | null;
  readonly at: Millis;
}

// --- Store ----------------------------------------------------------------------------------------------------------

/** Something whose deadline has come. */
export interface Due {
  /** Null: this version does not know its kind. */
  readonly kind: DueKind | null;
  readonly at: Millis;
  readonly subject: 'session' | 'job' | 'instance';
  readonly id: string;
}

/** A stored row that this version cannot read. It is refused and not guessed at. */
export class UnreadableRow extends Error {
  constructor(
    readonly table: string,
    /** Its key. */
    readonly row: string,
    why: string,
  ) {
    super(`Row ${row} of ${table} cannot be read: ${why}.`);
    this.name = 'UnreadableRow';
  }
}

/** What one transaction may do. Rows that are read here are read to be changed. */
export interface Tx {
  readonly sessions: {
    find(id: string): Promise<Session | null>;
    insert(session: Session, due: { at: Millis; clock: DueKind } | null): Promise<void>;
    save(session: Session, due: { at: Millis; clock: DueKind } | null): Promise<void>;
    /** The number of the next activation; higher than that of any session. */
    nextActivation(): Promise<number>;
    /** Dedicated sessions that hold a slot anywhere. */
    holding(): Promise<Session[]>;
    /** Those of an instance that are not closed. */
    notClosedOf(instance: string): Promise<Session[]>;
  };
  readonly jobs: {
    find(id: string): Promise<Job | null>;
    /** Stores a new queued job with its params and gives it the next submission number. */
    insert(job: Omit<JobRecord, 'seq'>, params: Text): Promise<Job>;
    save(job: Job, due: { at: Millis; kind: DueKind } | null): Promise<void>;
    /** Ends all queued jobs of a session at once; answers how many there were. */
    endQueuedOf(session: string, how: Pick<Job, 'state' | 'reason' | 'endCode'>, at: Millis): Promise<number>;
    /** How many jobs of an instance are queued, alone and in sessions, on all backends. */
    countQueuedOf(instance: string): Promise<number>;
    /** Submission number of the session's first queued job. */
    headOf(session: string): Promise<number | null>;
    runningOf(session: string): Promise<Job[]>;
    /** Every running job that needs a runner (that is: has no script). */
    runningOnRunners(): Promise<Job[]>;
    saveResult(job: string, result: Text): Promise<void>;
    /** Answers the result and removes it. */
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
    /** Whether any session there is not closed or any job not ended. */
    isInUse(name: string): Promise<boolean>;
    remove(name: string): Promise<void>;
    countQueued(name: string, change: number): Promise<void>;
    reserve(name: string, reservations: Choice['reservations']): Promise<void>;
  };
  readonly instances: {
    find(id: string): Promise<Instance | null>;
    findByName(name: string): Promise<Instance | null>;
    insert(instance: Instance): Promise<void>;
    /** Its shares, budget and plan. */
    save(instance: Instance): Promise<void>;
    /** How its budget stands; null without one. */
    budget(id: string, at: Millis, window: Millis): Promise<BudgetView | null>;
    /** When so many charges have left the window that a budget which is used up has room; null: not by that. */
    roomAt(id: string, view: BudgetView, at: Millis, window: Millis): Promise<Millis | null>;
    saveBudgetDue(id: string, dueAt: Millis | null): Promise<void>;
  };
  readonly tokens: {
    find(id: string): Promise<Token | null>;
    insert(token: Token): Promise<void>;
    revoke(id: string, at: Millis): Promise<void>;
  };
  readonly receipts: {
    /** Receipts of this key that are not older than `from`, oldest first. */
    find(key: string, from: Millis): Promise<Receipt[]>;
    insert(receipt: Receipt): Promise<void>;
    /** The answers about these sessions or jobs have arrived. */
    remove(subjects: readonly string[]): Promise<void>;
    removeBefore(at: Millis): Promise<void>;
  };
  readonly events: {
    append(event: Omit<EventRecord, 'id'>): Promise<void>;
    /** The same event for every queued job of a session. */
    appendForQueuedOf(session: string, event: Omit<EventRecord, 'id' | 'job'>): Promise<void>;
  };
  readonly ledger: { append(entries: readonly LedgerEntry[]): Promise<void> };
  readonly texts: TextsTx;
  readonly livy: LivyTx;
  readonly nexosis: NexosisTx;
  /** The first thing due at or before `at`, in order of due time and rank. */
  firstDue(at: Millis): Promise<Due | null>;
  /** Does `work` wholly or, where it throws, not at all; the transaction goes on either way. */
  separately<T>(work: () => Promise<T>): Promise<T>;
  /** Forgets a deadline that cannot take effect; the next change of its row sets it again. */
  setAside(due: Due): Promise<void>;
  /** When the next thing is due at all. */
  nextDue(): Promise<Millis | null>;
  /** What the choice needs to know about one backend; see {@link Snapshot}. */
  snapshot(backend: string, at: Millis, window: Millis): Promise<Snapshot | null>;
  /** Small facts about the service itself. */
  readonly facts: {
    get(key: Fact): Promise<string | null>;
    set(key: Fact, value: string): Promise<void>;
    remove(key: Fact): Promise<void>;
  };
}
/** `signing_key` is only found in a database of an older version. */
export type Fact = 'alive_at' | 'signing_key' | 'bootstrap_token' | 'livy_token' | 'nexosis_event';

export interface Page<T> {
  readonly items: T[];
  readonly total: number;
}

export interface JobFilter {
  readonly instance?: string;
  /** Only what this user submitted or is charged for. */
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

/** Committed state, read without any lock. */
export interface Reads {
  session(id: string): Promise<Session | null>;
  sessions(filter: SessionFilter): Promise<Session[]>;
  job(id: string): Promise<JobRecord | null>;
  jobs(filter: JobFilter): Promise<Page<JobRecord>>;
  /** Whether any job runs on a process or any session holds a slot. */
  isAccruing(): Promise<boolean>;
  params(job: string): Promise<Text | null>;
  result(job: string): Promise<Text | null>;
  readonly texts: TextsReads;
  logs(job: string): Promise<{ at: Millis; level: string; text: string }[]>;
  backend(name: string): Promise<Backend | null>;
  backends(): Promise<Backend[]>;
  /** Each slot with who is on it. */
  slots(backend: Backend): Promise<Snapshot['slots']>;
  instance(id: string): Promise<Instance | null>;
  instanceByCrn(crn: string): Promise<Instance | null>;
  instances(): Promise<Instance[]>;
  token(id: string): Promise<Token | null>;
  tokenByHash(hash: string): Promise<Token | null>;
  tokens(): Promise<Token[]>;
  /** What a queued job needs to know of the others on its backend. */
  waiting(job: Job, at: Millis, window: Millis): Promise<WaitingView | null>;
  /** One backend with the beginning of its queue; `asker` is among the instances even if it waits for nothing. */
  forecast(backend: string, at: Millis, window: Millis, asker: string | null): Promise<ForecastView | null>;
  /** How long the recent jobs of a program took on a backend, without those that are scripted. */
  finished(backend: string, program: string): Promise<Finished[]>;
  /** Oldest first. */
  events(filter: EventFilter): Promise<EventRecord[]>;
  lastEvent(): Promise<number>;
  /** Charged to an instance by entries that ended after `from`, plus what accrues until `at`. */
  charged(instance: string, from: Millis, at: Millis): Promise<Millis>;
  /** Oldest first. */
  ledger(filter: LedgerFilter, page?: LedgerPage): Promise<(LedgerEntry & { id: number })[]>;
  /** Of all entries of the filter, added up by the database; at most a thousand groups. */
  ledgerSums(filter: LedgerFilter, by: readonly LedgerGroup[]): Promise<LedgerSums>;
  readonly livy: LivyReads;
  readonly nexosis: NexosisReads;
}

export interface Store {
  readonly read: Reads;
  /**
   * Runs `work` in a transaction, one at a time, and answers after it is durable. Several that wait share one commit; a
   * failure undoes only its own work.
   */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}
export const STORE = Symbol('Store');

// --- Clock, identities ---------------------------------------------------------------------------------------

export interface Clock {
  readonly mode: 'real' | 'virtual';
  /** Never earlier than it was before. */
  now(): Millis;
  /** The service was alive at this moment: where it lies ahead, the time goes on from there. */
  startFrom(at: Millis): void;
  /** The computer's own time, for what other programs compare with theirs (a JWT's `exp`). */
  wall(): Millis;
  /** Calls `wake` once, at or after `at`. On a virtual clock never: there someone else moves the time. */
  wakeAt(at: Millis, wake: () => void): void;
}
export const CLOCK = Symbol('Clock');

export interface Ids {
  uuid(): string;
  /** 256 random bits, base64url. */
  secret(): string;
}
export const IDS = Symbol('Ids');
