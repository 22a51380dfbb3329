import BetterSqlite3 from 'better-sqlite3';
import { QueryFailedError, type DataSource } from 'typeorm';
import { join } from 'node:path';
import type { Fault } from './steps.js';

type Statement = BetterSqlite3.Statement<unknown[], unknown>;

/** The process was killed: no pending request gets an answer. */
export class Killed extends Error {}
/** The simulated disk failed once. */
export class StoreFailure extends Error {}

/** A fired deadline is still due afterwards, so it would fire forever. */
export class Endless extends Error {}

export interface Committed {
  begin(): void;
  savepoint(): void;
  undo(): void;
  commit(): void;
}

/**
 * Counts the statements that one process sends and its calls to runners. A fault strikes at one of them. After a kill
 * none gets through, and uncommitted changes are rolled back when the file is closed, as when a process dies.
 */
export class Lifeline {
  dead = false;
  passed = 0;
  private fault: Fault | null = null;
  private remaining = Infinity;

  /** Sets the fault of the next step. */
  arm(fault: Fault | null): void {
    this.fault = fault;
    this.passed = 0;
  }

  /** Sets the most statements of the next step. A step with more is in an endless loop. */
  allow(statements: number): void {
    this.remaining = statements;
  }

  die(): void {
    this.dead = true;
  }

  /** Counts one more statement or call. Throws if the fault strikes here. */
  pass(kind: 'statement' | 'runner'): void {
    if (this.dead) throw new Killed('the process was killed');
    const { fault } = this;
    const number = this.passed;
    this.passed += 1;
    if (this.passed > this.remaining) throw new Endless('the service does not come to rest');
    if (fault === null) return;
    if (fault.kind === 'kill' && number === fault.at) {
      this.dead = true;
      throw new Killed(`killed at point ${number}`);
    }
    if (fault.kind === 'statement' && kind === 'statement' && number === fault.at) {
      this.fault = null;
      throw new StoreFailure(`statement ${number} failed`);
    }
    if (fault.kind === 'runner' && kind === 'runner') {
      this.fault = null;
      throw new StoreFailure('the runner could not be reached');
    }
  }

  /** Returns whether the next commit fails, either before or after it is durable. */
  commitFault(): 'commit' | 'answer' | null {
    const kind = this.fault?.kind;
    if (kind !== 'commit' && kind !== 'answer') return null;
    this.fault = null;
    return kind;
  }
}

/**
 * One connection to the database file that replaces TypeORM's. The same statements reach the same SQLite, without the
 * cost of a query builder, and a fault can strike at each of them.
 */
export class Connection {
  private readonly statements = new Map<string, Statement>();
  readonly db: BetterSqlite3.Database;

  constructor(
    folder: string,
    private readonly lifeline: Lifeline,
    private readonly committed: Committed | null,
  ) {
    this.db = new BetterSqlite3(join(folder, 'stint.sqlite'));
    // The simulation kills processes but does not cut power, so written data stays in the file.
    this.db.pragma('synchronous = OFF');
    this.db.pragma('temp_store = MEMORY');
  }

  /** The driver's handle that the store uses. Its statements pass through this connection. */
  get source(): DataSource {
    const prepare = (sql: string) => ({
      reader: this.prepared(sql).reader,
      columns: () => this.prepared(sql).columns(),
      raw: () => this.prepared(sql).raw(),
      all: (...values: unknown[]) => this.send(sql, (statement) => statement.all(...values)),
      get: (...values: unknown[]) => this.send(sql, (statement) => statement.get(...values)),
      run: (...values: unknown[]) => this.send(sql, (statement) => statement.run(...values)),
    });
    return { driver: { databaseConnection: { prepare } } } as unknown as DataSource;
  }

  private send(sql: string, how: (statement: Statement) => unknown): unknown {
    this.lifeline.pass('statement');
    if (sql === 'COMMIT') return this.commit();
    this.note(sql);
    return how(this.prepared(sql));
  }

  close(): void {
    this.db.close();
  }

  private commit(): { changes: number } {
    const fault = this.lifeline.commitFault();
    if (fault === 'commit') throw new StoreFailure('the commit failed');
    this.prepared('COMMIT').run();
    this.committed?.commit();
    if (fault === 'answer') throw new StoreFailure('the answer to the commit was lost');
    return { changes: 0 };
  }

  private note(sql: string): void {
    if (this.committed === null) return;
    if (sql === 'BEGIN IMMEDIATE') this.committed.begin();
    else if (sql === 'SAVEPOINT one') this.committed.savepoint();
    else if (sql === 'ROLLBACK TO one') this.committed.undo();
  }

  private prepared(sql: string): Statement {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.db.prepare(sql);
      this.statements.set(sql, statement);
    }
    return statement;
  }
}

/** Returns the original fault, because the store wraps errors of its driver. */
export const faultOf = (error: unknown): unknown =>
  error instanceof QueryFailedError ? error.driverError : error;
