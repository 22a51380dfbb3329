import type { Job } from '../kernel/job/job.js';
import type { Session } from '../kernel/session/session.js';
import type { EventRecord } from './events.ports.js';
import type { Text } from './long-text.js';

export type Value = string | number | null;

/**
 * SQL for the tables of a dialect, on whatever database the store has. Statements are written with `?` and with what SQLite
 * and PostgreSQL have in common, `ON CONFLICT` and `RETURNING` among it; {@link Query.sql} says what the two spell
 * differently. A database may hand out whole numbers as text, so a number from a row is read with `Number`.
 */
export interface Query {
  all<T = Record<string, Value>>(statement: string, ...values: Value[]): Promise<T[]>;
  one<T = Record<string, Value>>(statement: string, ...values: Value[]): Promise<T | null>;
  run(statement: string, ...values: Value[]): Promise<void>;
  /** Rows of the scheduler's own tables, read with all their columns, as the rules know them. */
  readonly rows: {
    job(row: object): Job;
    session(row: object): Session;
    event(row: object): EventRecord;
  };
  /** The text that a row of `job_params` or `job_results` stands for; `seq` is the submission number of its job. */
  text(body: string, kind: 'params' | 'result', seq: number): Promise<Text>;
  /** About so many bytes have been written: a store with a log of its changes shortens that log in time. */
  wrote(bytes: number): void;
  readonly sql: {
    /** A member of a JSON object, as text. */
    member(column: string, name: string): string;
    /** Whether a text has the value of the next `?` in it. */
    contains(text: string): string;
  };
}

/**
 * What a dialect asks of its tables, made once for each {@link Query} there is. There are two, one of all transactions and
 * one of all reads, so asking costs no new closures.
 */
export function perQuery<T extends object>(make: (query: Query) => T): (of: { readonly query: Query }) => T {
  const made = new WeakMap<Query, T>();
  return ({ query }) => {
    const known = made.get(query);
    if (known !== undefined) return known;
    const fresh = make(query);
    made.set(query, fresh);
    return fresh;
  };
}
