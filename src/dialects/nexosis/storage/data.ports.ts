import type { Millis } from '../../../kernel/time.js';

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

export interface StatusMessage {
  readonly severity: 'debug' | 'informational' | 'warning' | 'error';
  readonly message: string;
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
