import type BetterSqlite3 from 'better-sqlite3';
import { QueryFailedError, type DataSource } from 'typeorm';
import type { Value } from '../../scheduler/query.ports.js';

export { insertInto, quoted, updateById } from '../../scheduler/statements.js';
export type { Value } from '../../scheduler/query.ports.js';

/** A value for a placeholder, which may also be bytes. */
export type BoundValue = Value | Buffer;
export type SqlRow = Record<string, Value>;

/**
 * The most prepared statements that are kept. Filters of lists create many; after clearing, the frequent ones are soon
 * prepared again.
 */
const maxPrepared = 500;

/**
 * Runs statements with `?` placeholders on one connection. Hot paths use this instead of TypeORM's entity manager or
 * query runner: a status read or a submit is a handful of primary-key statements, each prepared once and run directly
 * on the driver, whereas TypeORM's events and logging cost several times as much as SQLite itself. Definitions,
 * migrations and the connection itself still use TypeORM.
 */
export class Sql {
  private readonly db: BetterSqlite3.Database;
  private readonly prepared = new Map<string, Prepared>();

  constructor(source: DataSource) {
    this.db = (source.driver as unknown as { databaseConnection: BetterSqlite3.Database }).databaseConnection;
  }

  // Asynchronous although SQLite is not, because another database will be and callers must not depend on it.

  async all<T = SqlRow>(statement: string, ...values: BoundValue[]): Promise<T[]> {
    try {
      const { text, empty, columns } = this.prepare(statement);
      return (text.all(values) as Value[][]).map((each) => toRow(empty, columns, each) as T);
    } catch (error) {
      throw new QueryFailedError(statement, values, error as Error);
    }
  }

  async one<T = SqlRow>(statement: string, ...values: BoundValue[]): Promise<T | null> {
    try {
      const { text, empty, columns } = this.prepare(statement);
      const row = text.get(values) as Value[] | undefined;
      return row === undefined ? null : (toRow(empty, columns, row) as T);
    } catch (error) {
      throw new QueryFailedError(statement, values, error as Error);
    }
  }

  async run(statement: string, ...values: BoundValue[]): Promise<void> {
    this.execute(statement, values);
  }

  /** Runs a DELETE, INSERT or UPDATE and returns the number of changed rows. */
  async change(statement: string, ...values: BoundValue[]): Promise<number> {
    return this.execute(statement, values).changes;
  }

  /** Inserts a row and returns its integer primary key. */
  async insert(statement: string, values: BoundValue[]): Promise<number> {
    return Number(this.execute(statement, values).lastInsertRowid);
  }

  private execute(statement: string, values: BoundValue[]): BetterSqlite3.RunResult {
    try {
      return this.prepare(statement).text.run(values);
    } catch (error) {
      throw new QueryFailedError(statement, values, error as Error);
    }
  }

  private prepare(statement: string): Prepared {
    const cached = this.prepared.get(statement);
    if (cached !== undefined) return cached;
    if (this.prepared.size >= maxPrepared) this.prepared.clear();
    const text = this.db.prepare<[BoundValue[]]>(statement);
    const columns = text.reader ? text.columns().map(({ name }) => name) : [];
    if (text.reader) text.raw();
    const prepared = { text, columns, empty: Object.fromEntries(columns.map((column) => [column, null])) };
    this.prepared.set(statement, prepared);
    return prepared;
  }
}

interface Prepared {
  /** Returns rows as arrays: making an object of a row takes the driver twice as long as finding the row. */
  readonly text: BetterSqlite3.Statement<[BoundValue[]]>;
  readonly columns: readonly string[];
  /** A row to copy, so that all rows of a statement have the same shape. */
  readonly empty: SqlRow;
}

function toRow(empty: SqlRow, columns: readonly string[], values: readonly Value[]): SqlRow {
  const row = { ...empty };
  for (let i = 0; i < columns.length; i += 1) row[columns[i] as string] = values[i] as Value;
  return row;
}

/**
 * Builds a statement for rows with the same columns once, from the first row. A string built for each row would have to
 * be hashed and compared each time to find the prepared statement.
 */
export function buildOnce(make: (columns: readonly string[]) => string): (row: object) => string {
  let text: string | undefined;
  return (row) => (text ??= make(Object.keys(row)));
}
