import type { Millis } from '../../../kernel/time.js';
import type { EventRecord, EventType } from '../../../scheduler/ports.js';
import type {
  LearnSession,
  LearnSessionFilter,
  LearnSessionView,
  Model,
  ModelFilter,
  SessionOutcome,
} from './answers.ports.js';
import type {
  DataSet,
  RowChanges,
  Import,
  NewRow,
  Range,
  DataRow,
  Slice,
  StatusMessage,
  Upsert,
  View,
} from './data.ports.js';

export * from './answers.ports.js';
export * from './data.ports.js';

/*
 * The Nexosis dialect stores more than sessions and jobs: data sets with their rows, requests and outcomes of sessions,
 * models, views, imports and pending webhooks.
 */

/** A pending webhook: one status change for one callback. */
export interface Delivery {
  readonly id: number;
  readonly session: string;
  readonly url: string;
  readonly token: string;
  readonly body: string;
  readonly attempts: number;
  readonly dueAt: Millis;
}

export interface Matches<T> {
  readonly items: T[];
  readonly total: number;
}

/** Writes of one transaction. */
export interface NexosisTx {
  readonly dataSets: {
    find(instance: string, name: string): Promise<DataSet | null>;
    insert(dataSet: Omit<DataSet, 'id'>): Promise<DataSet>;
    save(dataSet: DataSet): Promise<void>;
    /** Stores only the size. Writing thousands of columns with every part of an upload would be slow. */
    resize(dataSet: Pick<DataSet, 'id' | 'rowCount' | 'size' | 'modifiedAt'>): Promise<void>;
    /** Returns the sets that are not ready. After a start, no upload or delete works on them any more. */
    unfinished(): Promise<DataSet[]>;
    forget(id: number): Promise<void>;
  };
  readonly rows: {
    /** Rows without a number get the numbers after `from`. */
    put(dataSet: number, rows: readonly NewRow[], from: number, upsert: Upsert): Promise<RowChanges>;
    /** Removes at most `limit` rows of the range. Returns the number and size of the removed rows. */
    remove(dataSet: number, range: Range, limit: number): Promise<{ count: number; size: number }>;
    lastSeq(dataSet: number): Promise<number>;
  };
  readonly sessions: {
    insert(session: LearnSession): Promise<void>;
    saveOutcome(id: string, outcome: SessionOutcome): Promise<void>;
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
  readonly imports: { save(record: Import): Promise<void> };
  readonly deliveries: {
    insert(delivery: Omit<Delivery, 'id'>): Promise<void>;
    postpone(id: number, attempts: number, dueAt: Millis): Promise<void>;
    remove(id: number): Promise<void>;
    removeOf(session: string): Promise<void>;
  };
  countPredictions(instance: string, more: number): Promise<void>;
}

/** A range of the event log. */
export interface EventRange {
  readonly types: readonly EventType[];
  readonly after: number;
  readonly upTo: number;
  readonly limit: number;
}

/** Reads of committed state. */
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
  }): Promise<Matches<DataSet>>;
  rows(dataSet: number, range: Range, slice: Slice): Promise<DataRow[]>;
  countRows(dataSet: number, range: Range): Promise<number>;
  /** Returns the next `limit` rows after `after`, in order. */
  rowsAfter(dataSet: number, after: Pick<DataRow, 'at' | 'seq'> | null, limit: number): Promise<DataRow[]>;
  lastTime(dataSet: number): Promise<Millis | null>;
  session(id: string): Promise<LearnSessionView | null>;
  sessionOfJob(job: string): Promise<LearnSessionView | null>;
  /** Returns the events of the jobs of sessions within the range, in order. */
  eventsOfSessions(range: EventRange): Promise<EventRecord[]>;
  sessions(filter: LearnSessionFilter): Promise<Matches<LearnSessionView>>;
  table(
    owner: string,
    table: string,
    fromChunk: number,
    toChunk: number,
  ): Promise<readonly (readonly string[])[]>;
  model(id: string): Promise<Model | null>;
  models(filter: ModelFilter): Promise<Matches<Model>>;
  view(instance: string, name: string): Promise<View | null>;
  views(instance: string): Promise<View[]>;
  import(id: string): Promise<Import | null>;
  imports(instance: string): Promise<Import[]>;
  /** Returns the first delivery of each session, if it is due. */
  dueDeliveries(at: Millis, limit: number): Promise<Delivery[]>;
  counts(instance: string): Promise<{ dataSets: number; sessions: number; predictions: number }>;
}
