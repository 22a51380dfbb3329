import type { Millis } from '../../../kernel/time.js';

export const dataTypes = ['string', 'numeric', 'logical', 'date', 'text', 'numericMeasure'] as const;
export type DataType = (typeof dataTypes)[number];
export const columnRoles = ['none', 'timestamp', 'target', 'feature', 'key'] as const;
export type ColumnRole = (typeof columnRoles)[number];
export const imputations = ['zeroes', 'mean', 'median', 'mode', 'min', 'max'] as const;
export type Imputation = (typeof imputations)[number];
export const aggregations = ['sum', 'mean', 'median', 'mode', 'min', 'max'] as const;
export type Aggregation = (typeof aggregations)[number];

export interface Column {
  readonly name: string;
  readonly dataType: DataType;
  readonly role: ColumnRole;
  /** Absent for dates and text. */
  readonly imputation?: Imputation;
  readonly aggregation?: Aggregation;
  /** Present if a request set the imputation. Otherwise the imputation is the default of the type. */
  readonly imputationSet?: true;
}

export interface DataSet {
  readonly id: number;
  readonly instance: string;
  readonly name: string;
  /** In order of first appearance, as are the values of a row. */
  readonly columns: readonly Column[];
  /** Texts that count as empty. */
  readonly missingValues: readonly string[];
  readonly rowCount: number;
  /** Bytes of the rows as CSV without header. */
  readonly size: number;
  readonly createdAt: Millis;
  readonly modifiedAt: Millis;
  /** `new`: its first rows are being stored. `removed`: its rows are being deleted. Clients see only `ready` sets. */
  readonly state: 'new' | 'ready' | 'removed';
  /** The user who created it. Null if it was created before users were recorded. */
  readonly user: string | null;
}

/** The time of a row without a readable timestamp, which sorts it behind all others. */
export const noTime: Millis = 8.64e15;

export interface DataRow {
  /** The timestamp. 0 in a set without a timestamp column, {@link noTime} if the value cannot be read. */
  readonly at: Millis;
  /** Orders rows of the same time by arrival. */
  readonly seq: number;
  readonly values: readonly string[];
}

export interface NewRow {
  readonly at: Millis;
  /** Replaces stored rows of the same key, see {@link Upsert}. Null appends the row. */
  readonly key: string | null;
  /**
   * By position of the columns. Null if the row has no value for a column; a replaced row keeps its own value there.
   */
  readonly values: readonly (string | null)[];
  /** Present if the row has a number already. */
  readonly seq?: number;
}

/** How the rows of one upload replace rows of the same key. */
export interface Upsert {
  /** Rows with higher numbers belong to this upload. */
  readonly since: number;
  /** Keys of stored rows that this upload replaced so far, each with the number of rows that it has fewer now. */
  readonly replaced: Map<string, number>;
  /** Rows of one upload with the same key: `keep` stores each of them, `merge` makes them one row. */
  readonly repeats: 'keep' | 'merge';
}

/** How an upload changed the rows of a set: the differences of their number and size. */
export interface RowChanges {
  readonly count: number;
  readonly size: number;
  /** Rows of the upload with the key of an earlier one. */
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
  /** The user who created it. Absent if it was created before users were recorded. */
  readonly user?: string;
  readonly name: string;
  readonly dataSet: string;
  /** As sent, without members that are null. */
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
