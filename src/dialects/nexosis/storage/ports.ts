import type { Millis } from '../../../kernel/time.js';
import type { EventRecord, EventType } from '../../../scheduler/ports.js';
import type {
  LearnSession,
  LearnSessionFilter,
  LearnSessionView,
  Model,
  ModelFilter,
  Outcome,
} from './answers.ports.js';
import type {
  DataSet,
  Grown,
  Import,
  NewRow,
  Range,
  Row,
  Slice,
  StatusMessage,
  Upsert,
  View,
} from './data.ports.js';

export * from './answers.ports.js';
export * from './data.ports.js';

/**
 * What the Nexosis dialect keeps beside sessions and jobs: data sets with their rows, what a session was asked and what came
 * of it, models, views, imports and the webhooks still to be sent.
 */

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
