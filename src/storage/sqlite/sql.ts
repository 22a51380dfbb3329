import type BetterSqlite3 from 'better-sqlite3';
import { QueryFailedError, type DataSource } from 'typeorm';
import type { Value } from '../../scheduler/query.ports.js';

export { insertInto, quoted, updateById } from '../../scheduler/statements.js';
export type { Value } from '../../scheduler/query.ports.js';

/** What a statement is given: also bytes. */
export type Given = Value | Buffer;
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
  private readonly prepared = new Map<string, Prepared>();

  constructor(source: DataSource) {
    this.db = (source.driver as unknown as { databaseConnection: BetterSqlite3.Database }).databaseConnection;
  }

  // Asynchronous although SQLite is not: another database will be, and whoever asks must not depend on it.

  async all<T = Row>(statement: string, ...values: Given[]): Promise<T[]> {
    try {
      const { text, empty, columns } = this.prepare(statement);
      return (text.all(values) as Value[][]).map((each) => toRow(empty, columns, each) as T);
    } catch (error) {
      throw new QueryFailedError(statement, values, error as Error);
    }
  }

  async one<T = Row>(statement: string, ...values: Given[]): Promise<T | null> {
    try {
      const { text, empty, columns } = this.prepare(statement);
      const found = text.get(values) as Value[] | undefined;
      return found === undefined ? null : (toRow(empty, columns, found) as T);
    } catch (error) {
      throw new QueryFailedError(statement, values, error as Error);
    }
  }

  async run(statement: string, ...values: Given[]): Promise<void> {
    this.execute(statement, values);
  }

  /** Runs a DELETE, INSERT or UPDATE and answers how many rows it changed. */
  async change(statement: string, ...values: Given[]): Promise<number> {
    return this.execute(statement, values).changes;
  }

  /** Inserts a row and answers its number, where the primary key is one. */
  async insert(statement: string, values: Given[]): Promise<number> {
    return Number(this.execute(statement, values).lastInsertRowid);
  }

  private execute(statement: string, values: Given[]): BetterSqlite3.RunResult {
    try {
      return this.prepare(statement).text.run(values);
    } catch (error) {
      throw new QueryFailedError(statement, values, error as Error);
    }
  }

  private prepare(statement: string): Prepared {
    const known = this.prepared.get(statement);
    if (known !== undefined) return known;
    if (this.prepared.size >= mostPrepared) this.prepared.clear();
    const text = this.db.prepare<[Given[]]>(statement);
    const columns = text.reader ? text.columns().map(({ name }) => name) : [];
    if (text.reader) text.raw();
    const prepared = { text, columns, empty: Object.fromEntries(columns.map((column) => [column, null])) };
    this.prepared.set(statement, prepared);
    return prepared;
  }
}

interface Prepared {
  /** Gives rows as arrays: the driver takes twice as long to make an object of one as it takes to find it. */
  readonly text: BetterSqlite3.Statement<[Given[]]>;
  readonly columns: readonly string[];
  /** A row to copy, so that all rows of a statement have one shape. */
  readonly empty: Row;
}

function toRow(empty: Row, columns: readonly string[], values: readonly Value[]): Row {
  const row = { ...empty };
  for (let i = 0; i < columns.length; i += 1) row[columns[i] as string] = values[i] as Value;
  return row;
}

/**
 * The text for rows that all have the same columns, made from the first of them: a text made anew for each row would be
 * put together, hashed and compared each time before its prepared statement is found.
 */
export function madeOnce(make: (columns: readonly string[]) => string): (row: object) => string {
  let text: string | undefined;
  return (row) => (text ??= make(Object.keys(row)));
}
