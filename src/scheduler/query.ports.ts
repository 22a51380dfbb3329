import type { Job } from '../kernel/job/job.js';
import type { Session } from '../kernel/session/session.js';
import type { EventRecord } from './events.ports.js';
import type { Text } from './long-text.js';

export type Value = string | number | null;

/**
 * SQL for the tables of a dialect, on whatever database the store uses. Statements have `?` for values and use what
 * SQLite and PostgreSQL have in common, including `ON CONFLICT` and `RETURNING`; {@link Query.sql} covers what the two
 * spell differently. A database may return whole numbers as text, so a number from a row is read with `Number`.
 */
export interface Query {
  all<T = Record<string, Value>>(statement: string, ...values: Value[]): Promise<T[]>;
  one<T = Record<string, Value>>(statement: string, ...values: Value[]): Promise<T | null>;
  run(statement: string, ...values: Value[]): Promise<void>;
  /** Converts rows of the scheduler's own tables, read with all their columns, to kernel types. */
  readonly rows: {
    job(row: object): Job;
    session(row: object): Session;
    event(row: object): EventRecord;
  };
  /** The text that a row of `job_params` or `job_results` refers to; `seq` is the submission number of its job. */
  text(body: string, kind: 'params' | 'result', seq: number): Promise<Text>;
  /**
   * Reports that about this many bytes were written, so that a store with a log of its changes can shorten the log in
   * time.
   */
  noteWrite(bytes: number): void;
  readonly sql: {
    /** An expression for a member of a JSON object, as text. */
    member(column: string, name: string): string;
    /** A condition: the text contains the value of the next `?`. */
    contains(text: string): string;
  };
}

/**
 * Returns a dialect's queries for a {@link Query}, made once for each. There are two, one of all transactions and one
 * of all reads, so calls create no new closures.
 */
export function perQuery<T extends object>(make: (query: Query) => T): (of: { readonly query: Query }) => T {
  const cache = new WeakMap<Query, T>();
  return ({ query }) => {
    const cached = cache.get(query);
    if (cached !== undefined) return cached;
    const fresh = make(query);
    cache.set(query, fresh);
    return fresh;
  };
}
