import type { EndCode, JobState } from '../kernel/job/job.js';
import type { Ending } from '../kernel/session/session.js';
import type { Millis } from '../kernel/time.js';
import type { EventRecord, EventType } from './ports.js';

/**
 * What the Nexosis dialect keeps beside sessions and jobs: data sets with their rows, what a session was asked and what came
 * of it, models, views, imports and the webhooks still to be sent.
 */

export const dataTypes = ['string', 'numeric', 'logical', 'date', 'text', 'numericMeasure'] as const;
export type DataType = (typeof dataTypes)[number];
export const roles = ['none', 'timestamp', 'target', 'feature', 'key'] as const;
export type Role = (typeof roles)[number];
export const imputations = ['zeroes', 'mean', 'median', 'mode', 'min', 'max'] as const;
export type Imputation = (typeof imputations)[number];
export const aggregations = ['sum', 'mean', 'median', 'mode', 'min', 'max'] as const;
export type Aggregation = (typeof aggregations)[number];

export interface Column {
  readonly name: string;
  readonly dataType: DataType;
  readonly role: Role;
  /** Absent for dates and text. */
  readonly imputation?: Imputation;
  readonly aggregation?: Aggregation;
  /** Someone set the imputation; else it is the usual one of the type. */
  readonly imputationSet?: true;
}

export interface DataSet {
  readonly id: number;
  readonly instance: string;
  readonly name: string;
  /** In order of first appearance, which is the order of a row's values. */
  readonly columns: readonly Column[];
  /** Texts that count as empty. */
  readonly missingValues: readonly string[];
  readonly rowCount: number;
  /** Bytes of the rows as CSV without header. */
  readonly size: number;
  readonly createdAt: Millis;
  readonly modifiedAt: Millis;
  /** `new`: its first rows are still being stored. `removed`: its rows are still being removed. Both are unseen. */
  readonly state: 'new' | 'ready' | 'removed';
  /** Who made it; null: it is older than this was kept. */
  readonly user: string | null;
}

/** When a row without a (readable) timestamp comes: behind all others. */
export const noTime: Millis = 8.64e15;

export interface Row {
  /** Of the timestamp column; 0 in a set without one, {@link noTime} where it cannot be read. */
  readonly at: Millis;
  /** Order of arrival among rows of the same time. */
  readonly seq: number;
  readonly values: readonly string[];
}

export interface NewRow {
  readonly at: Millis;
  /** A stored row of the same key is replaced, see {@link Upsert}; null: appended. */
  readonly key: string | null;
  /** By position of the columns; null: not said, so a row that is there keeps what it has. */
  readonly values: readonly (string | null)[];
  /** Its number among all rows, where it has one already. */
  readonly seq?: number;
}

/** How the rows of one upload meet those of equal key. */
export interface Upsert {
  /** Rows with higher numbers came with this upload. */
  readonly since: number;
  /** Keys of rows that were there before and that this upload has replaced: by how many rows fewer, so far. */
  readonly replaced: Map<string, number>;
  /** `keep`: rows of one upload with the same key stay beside each other. `merge`: they become one row. */
  readonly repeats: 'keep' | 'merge';
}

/** What an upload did to the rows of a set. */
export interface Grown {
  readonly count: number;
  readonly size: number;
  /** Rows with a key that another row of the same upload has. */
  readonly repeated: number;
}

export interface Range {
  readonly from?: Millis | undefined;
  /** Inclusive. */
  readonly to?: Millis | undefined;
}

export interface Slice {
  readonly limit: number;
  readonly offset: number;
}

export const domains = ['forecast', 'impact', 'regression', 'classification', 'anomalies'] as const;
export type Domain = (typeof domains)[number];
export const intervals = ['hour', 'day', 'week', 'month', 'year'] as const;
export type Interval = (typeof intervals)[number];

export interface StatusMessage {
  readonly severity: 'debug' | 'informational' | 'warning' | 'error';
  readonly message: string;
}

export interface Algorithm {
  readonly name: string;
  readonly description: string;
  readonly key: string;
}

export interface Contestant {
  readonly id: string;
  readonly algorithm: Algorithm;
  readonly metrics: Readonly<Record<string, number>>;
  readonly dataSourceProperties: readonly string[];
  readonly champion: boolean;
  /** Its test rows among the session's tables; null where the engine kept none. */
  readonly table: string | null;
}

/** What the engine found; its rows are kept apart, as tables. */
export interface Outcome {
  readonly metrics: Readonly<Record<string, number>>;
  readonly algorithm: Algorithm;
  readonly intervals: readonly string[];
  readonly messages: readonly StatusMessage[];
  readonly contestants: readonly Contestant[];
  readonly selection: unknown;
  /** `results`, `results-0.2` …, `classscores`, `anomalyscores`, …: what can be paged through. */
  readonly tables: Readonly<Record<string, { readonly columns: readonly string[]; readonly count: number }>>;
  readonly confusion: { readonly classes: readonly string[]; readonly matrix: readonly number[][] } | null;
  readonly classes: readonly string[];
  readonly importance: Readonly<Record<string, number>> | null;
}

/** A Nexosis session as it was asked for. Its id is the kernel session's, its state that of the one job in it. */
export interface LearnSession {
  readonly id: string;
  readonly job: string;
  readonly instance: string;
  readonly user: string;
  readonly domain: Domain;
  readonly name: string;
  readonly source: string;
  readonly sourceKind: 'dataSet' | 'view';
  readonly target: string;
  readonly eventName: string | null;
  /** ISO 8601 with the offset as sent; null for model sessions. */
  readonly start: string | null;
  readonly end: string | null;
  readonly interval: Interval | null;
  readonly callbackUrl: string | null;
  /** Goes with every webhook of the session. */
  readonly token: string | null;
  /** Where the API was reached when the session was asked for: links in webhooks begin with it. */
  readonly base: string;
  readonly columns: readonly Column[];
  readonly missingValues: readonly string[];
  readonly extra: Readonly<Record<string, unknown>>;
  readonly messages: readonly StatusMessage[];
  /** Of the model it will build; null for time series. */
  readonly modelId: string | null;
  readonly requestedAt: Millis;
  readonly outcome: Outcome | null;
}

/** A session with what its job says about it. */
export interface LearnSessionView extends LearnSession {
  /** What it was doing when it last said so. */
  readonly progress: string | null;
  /** Null: the job was removed. */
  readonly jobState: JobState | null;
  readonly jobReason: string | null;
  /** Why the service ended the job. */
  readonly jobEndCode: EndCode | null;
  /** The longest that the job may run; 0 where it was removed. */
  readonly jobLimit: Millis;
  /** Why the kernel's session closed, if the job ended with it. */
  readonly ending: Ending | null;
  /** Start of the first attempt. */
  readonly startedAt: Millis | null;
  readonly endedAt: Millis | null;
}

export interface LearnSessionFilter extends Slice {
  readonly instance: string;
  /** Only this user's. */
  readonly user?: string | undefined;
  readonly source?: string | undefined;
  /** Any part of it. */
  readonly eventName?: string | undefined;
  readonly type?: 'forecast' | 'impact' | 'model' | undefined;
  readonly from?: Millis | undefined;
  readonly to?: Millis | undefined;
  readonly modelId?: string | undefined;
  readonly sortBy: 'id' | 'name' | 'type' | 'status' | 'dataSourceName' | 'requestedDate';
  readonly descending: boolean;
}

export interface Model {
  readonly id: string;
  readonly instance: string;
  /** Who built it; absent: it is older than this was kept. */
  readonly user?: string;
  readonly session: string;
  readonly name: string | null;
  readonly domain: Domain;
  readonly source: string;
  readonly target: string;
  readonly algorithm: Algorithm;
  readonly columns: readonly Column[];
  readonly metrics: Readonly<Record<string, number>>;
  readonly sha256: string;
  readonly createdAt: Millis;
  readonly lastUsedAt: Millis | null;
}

export interface ModelFilter extends Slice {
  readonly instance: string;
  readonly source?: string | undefined;
  readonly from?: Millis | undefined;
  readonly to?: Millis | undefined;
  readonly sortBy: 'id' | 'modelName' | 'dataSourceName' | 'type' | 'createdDate' | 'lastUsedDate';
  readonly descending: boolean;
}

export interface View {
  readonly instance: string;
  /** Who made it; absent: it is older than this was kept. */
  readonly user?: string;
  readonly name: string;
  readonly dataSet: string;
  /** As it was sent, with the members that were null left out. */
  readonly joins: readonly unknown[];
  readonly columns: Readonly<Record<string, unknown>>;
  readonly createdAt: Millis;
}

export interface Import {
  readonly id: string;
  readonly instance: string;
  readonly dataSet: string;
  readonly type: 'url' | 's3' | 'azure';
  readonly status: 'requested' | 'started' | 'completed' | 'failed';
  readonly history: readonly { readonly at: Millis; readonly status: string }[];
  /** Without secrets. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly columns: Readonly<Record<string, unknown>>;
  readonly messages: readonly StatusMessage[];
  readonly requestedAt: Millis;
}

/** One status change to be told to a callback. */
export interface Delivery {
  readonly id: number;
  readonly session: string;
  readonly url: string;
  readonly token: string;
  readonly body: string;
  readonly attempts: number;
  readonly dueAt: Millis;
}

export interface Found<T> {
  readonly items: T[];
  readonly total: number;
}

/** What one transaction may do with them. */
export interface NexosisTx {
  readonly dataSets: {
    find(instance: string, name: string): Promise<DataSet | null>;
    insert(dataSet: Omit<DataSet, 'id'>): Promise<DataSet>;
    save(dataSet: DataSet): Promise<void>;
    /** Only how much is in it: its columns, of which there may be thousands, are not written again with each part. */
    resize(dataSet: Pick<DataSet, 'id' | 'rowCount' | 'size' | 'modifiedAt'>): Promise<void>;
    /** Those that are not ready; after a start nobody works on them any more. */
    unfinished(): Promise<DataSet[]>;
    forget(id: number): Promise<void>;
  };
  readonly rows: {
    /** Rows without a number of their own get those behind `from`. */
    put(dataSet: number, rows: readonly NewRow[], from: number, upsert: Upsert): Promise<Grown>;
    /** Removes at most `limit` rows of the range; answers what was removed. */
    remove(dataSet: number, range: Range, limit: number): Promise<{ count: number; size: number }>;
    lastSeq(dataSet: number): Promise<number>;
  };
  readonly sessions: {
    insert(session: LearnSession): Promise<void>;
    saveOutcome(id: string, outcome: Outcome): Promise<void>;
    addMessage(id: string, message: StatusMessage): Promise<void>;
    saveProgress(id: string, progress: string): Promise<void>;
    remove(id: string): Promise<void>;
    find(id: string): Promise<LearnSessionView | null>;
  };
  readonly tables: {
    append(owner: string, table: string, chunk: number, rows: readonly (readonly string[])[]): Promise<void>;
    removeOf(owner: string): Promise<void>;
  };
  readonly models: {
    save(model: Model): Promise<void>;
    used(id: string, at: Millis): Promise<void>;
    remove(id: string): Promise<void>;
  };
  readonly views: { save(view: View): Promise<void>; remove(instance: string, name: string): Promise<void> };
  readonly imports: { save(made: Import): Promise<void> };
  readonly deliveries: {
    insert(delivery: Omit<Delivery, 'id'>): Promise<void>;
    postpone(id: number, attempts: number, dueAt: Millis): Promise<void>;
    remove(id: number): Promise<void>;
    removeOf(session: string): Promise<void>;
  };
  countPredictions(instance: string, more: number): Promise<void>;
}

/** Committed state. */
/** A piece of the event log. */
export interface EventRange {
  readonly types: readonly EventType[];
  readonly after: number;
  readonly upTo: number;
  readonly limit: number;
}

export interface NexosisReads {
  dataSet(instance: string, name: string): Promise<DataSet | null>;
  dataSetById(id: number): Promise<DataSet | null>;
  dataSets(filter: {
    instance: string;
    partialName: string;
    sortBy: 'dataSetName' | 'dataSetSize' | 'rowCount' | 'dateCreated' | 'lastModified';
    descending: boolean;
    limit: number;
    offset: number;
  }): Promise<Found<DataSet>>;
  rows(dataSet: number, range: Range, slice: Slice): Promise<Row[]>;
  countRows(dataSet: number, range: Range): Promise<number>;
  /** In order, the `limit` rows behind `after`. */
  rowsAfter(dataSet: number, after: Pick<Row, 'at' | 'seq'> | null, limit: number): Promise<Row[]>;
  lastTime(dataSet: number): Promise<Millis | null>;
  session(id: string): Promise<LearnSessionView | null>;
  sessionOfJob(job: string): Promise<LearnSessionView | null>;
  /** What happened to the jobs of sessions, after one event and up to another; in order. */
  eventsOfSessions(range: EventRange): Promise<EventRecord[]>;
  sessions(filter: LearnSessionFilter): Promise<Found<LearnSessionView>>;
  table(owner: string, table: string, fromChunk: number, toChunk: number): Promise<string[][]>;
  model(id: string): Promise<Model | null>;
  models(filter: ModelFilter): Promise<Found<Model>>;
  view(instance: string, name: string): Promise<View | null>;
  views(instance: string): Promise<View[]>;
  import(id: string): Promise<Import | null>;
  imports(instance: string): Promise<Import[]>;
  /** The first of each session that is due. */
  dueDeliveries(at: Millis, limit: number): Promise<Delivery[]>;
  counts(instance: string): Promise<{ dataSets: number; sessions: number; predictions: number }>;
}
