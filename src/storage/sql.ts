import type BetterSqlite3 from 'better-sqlite3';
import { QueryFailedError, type DataSource } from 'typeorm';

export type Value = string | number | null;
export type Row = Record<string, Value>;

/** Filters of lists make statements of their own; those that are asked all the time are made again at once. */
const mostPrepared = 500;

/**
 * Statements on one connection, written with `?`. The hot paths use these instead of the entity manager or a query
 * runner: a status read or a submit is a handful of primary-key statements, each prepared once and run on the driver's
 * own handle, where TypeORM's events and logging around each cost several times what SQLite needs to run it. Definitions,
 * migrations and the connection itself stay with TypeORM.
 */
export class Sql {
  private readonly db: BetterSqlite3.Database;
  private readonly prepared = new Map<string, BetterSqlite3.Statement<Value[]>>();

  constructor(source: DataSource) {
    this.db = (source.driver as unknown as { databaseConnection: BetterSqlite3.Database }).databaseConnection;
  }

  // Asynchronous although SQLite is not: another database will be, and whoever asks must not depend on it.

  async all<T = Row>(statement: string, ...values: Value[]): Promise<T[]> {
    return this.execute(statement, values, (prepared) => prepared.all(...values) as T[]);
  }

  async one<T = Row>(statement: string, ...values: Value[]): Promise<T | null> {
    return this.execute(statement, values, (prepared) => (prepared.get(...values) as T | undefined) ?? null);
  }

  async run(statement: string, ...values: Value[]): Promise<void> {
    await this.change(statement, ...values);
  }

  /** Runs a DELETE, INSERT or UPDATE and answers how many rows it changed. */
  async change(statement: string, ...values: Value[]): Promise<number> {
    return this.execute(statement, values, (prepared) => prepared.run(...values).changes);
  }

  private execute<T>(
    statement: string,
    values: Value[],
    how: (prepared: BetterSqlite3.Statement<Value[]>) => T,
  ): T {
    try {
      return how(this.prepare(statement));
    } catch (error) {
      throw new QueryFailedError(statement, values, error as Error);
    }
  }

  private prepare(statement: string): BetterSqlite3.Statement<Value[]> {
    const known = this.prepared.get(statement);
    if (known !== undefined) return known;
    if (this.prepared.size >= mostPrepared) this.prepared.clear();
    const prepared = this.db.prepare<Value[]>(statement);
    this.prepared.set(statement, prepared);
    return prepared;
  }
}

export const quoted = (columns: readonly string[]): string => columns.map((c) => `"${c}"`).join(', ');

export const insertInto = (table: string, columns: readonly string[]): string =>
  `INSERT INTO ${table} (${quoted(columns)}) VALUES (${columns.map(() => '?').join(', ')})`;

/**
 * The text for rows that all have the same columns, made from the first of them: a text made anew for each row would be
 * put together, hashed and compared each time before its prepared statement is found.
 */
export function madeOnce(make: (columns: readonly string[]) => string): (row: object) => string {
  let text: string | undefined;
  return (row) => (text ??= make(Object.keys(row)));
}

export const updateById = (table: string, columns: readonly string[], key: string): string =>
  `UPDATE ${table} SET ${columns.map((c) => `"${c}" = ?`).join(', ')} WHERE "${key}" = ?`;
