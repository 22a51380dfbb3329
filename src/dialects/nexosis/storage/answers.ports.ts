import type { EndCode, JobState } from '../../../kernel/job/job.js';
import type { Ending } from '../../../kernel/session/session.js';
import type { Millis } from '../../../kernel/time.js';
import type { Column, Slice, StatusMessage } from './data.ports.js';

export const domains = ['forecast', 'impact', 'regression', 'classification', 'anomalies'] as const;
export type Domain = (typeof domains)[number];
export const intervals = ['hour', 'day', 'week', 'month', 'year'] as const;
export type Interval = (typeof intervals)[number];

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
  /** The table of its test rows. Null if the learner stored none. */
  readonly table: string | null;
}

/** The outcome of a calculation. Its rows are stored separately, as tables. */
export interface SessionOutcome {
  readonly metrics: Readonly<Record<string, number>>;
  readonly algorithm: Algorithm;
  readonly intervals: readonly string[];
  readonly messages: readonly StatusMessage[];
  readonly contestants: readonly Contestant[];
  readonly selection: unknown;
  /** The tables of its rows by name: `results`, `results-0.2` …, `classscores`, `anomalyscores`, … */
  readonly tables: Readonly<Record<string, { readonly columns: readonly string[]; readonly count: number }>>;
  readonly confusion: {
    readonly classes: readonly string[];
    readonly matrix: readonly (readonly number[])[];
  } | null;
  readonly classes: readonly string[];
  readonly importance: Readonly<Record<string, number>> | null;
}

/** A Nexosis session as requested. The kernel's session has the same id; its only job has the state. */
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
  /** Header value of every webhook of the session. */
  readonly token: string | null;
  /** Base URL of the API in the request for the session. Links in webhooks start with it. */
  readonly base: string;
  readonly columns: readonly Column[];
  readonly missingValues: readonly string[];
  readonly extra: Readonly<Record<string, unknown>>;
  readonly messages: readonly StatusMessage[];
  /** Id of the model that the session builds. Null for time series. */
  readonly modelId: string | null;
  readonly requestedAt: Millis;
  readonly outcome: SessionOutcome | null;
}

/** A session with the state of its job. */
export interface LearnSessionView extends LearnSession {
  /** The last progress that the calculation reported. */
  readonly progress: string | null;
  /** Null if the job was removed. */
  readonly jobState: JobState | null;
  readonly jobReason: string | null;
  /** Why the service ended the job. Null if it ended by itself. */
  readonly jobEndCode: EndCode | null;
  /** The longest time that the job may run. 0 if the job was removed. */
  readonly jobLimit: Millis;
  /** Why the kernel's session closed. Null unless that ended the job. */
  readonly ending: Ending | null;
  /** Start of the first attempt. */
  readonly startedAt: Millis | null;
  readonly endedAt: Millis | null;
}

export interface LearnSessionFilter extends Slice {
  readonly instance: string;
  /** Only sessions of this user. */
  readonly user?: string | undefined;
  readonly source?: string | undefined;
  /** Part of the event name. */
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
  /** The user who built it. Absent if it was built before users were recorded. */
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
