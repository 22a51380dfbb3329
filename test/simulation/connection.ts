import BetterSqlite3 from 'better-sqlite3';
import { QueryFailedError, type DataSource } from 'typeorm';
import { join } from 'node:path';
import type { Fault } from './steps.js';

type Statement = BetterSqlite3.Statement<unknown[], unknown>;

/** The process is gone: nothing it was doing gets an answer. */
export class Killed extends Error {}
/** The disk, or what stands for it, failed once. */
export class StoreFailure extends Error {}

/** A deadline that fired has left a due one behind, and fires for ever. */
export class Endless extends Error {}

export interface Committed {
  begin(): void;
  savepoint(): void;
  undo(): void;
  commit(): void;
}

/**
 * What one process has between itself and the world, counted: the statements it sends and the calls to its runners. A
 * fault strikes at one of them; after a kill none gets through any more, and what was not committed is rolled back when
 * the file is closed, as it is when a process dies.
 */
export class Lifeline {
  dead = false;
  passed = 0;
  private fault: Fault | null = null;
  private left = Infinity;

  /** For the step that follows. */
  arm(fault: Fault | null): void {
    this.fault = fault;
    this.passed = 0;
  }

  /** So many statements, and the step has gone round in circles. */
  allow(statements: number): void {
    this.left = statements;
  }

  die(): void {
    this.dead = true;
  }

  /** One more statement or call. Throws where the fault strikes. */
  pass(kind: 'statement' | 'runner'): void {
    if (this.dead) throw new Killed('the process is gone');
    const { fault } = this;
    const number = this.passed;
    this.passed += 1;
    if (this.passed > this.left) throw new Endless('the service does not come to rest');
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

  /** Whether the commit that is about to be made fails, before or after it is. */
  commitFault(): 'commit' | 'answer' | null {
    const kind = this.fault?.kind;
    if (kind !== 'commit' && kind !== 'answer') return null;
    this.fault = null;
    return kind;
  }
}

/**
 * One connection to the database file, in place of TypeORM's: the same statements reach the same SQLite, without what a
 * query builder adds to each, and each is a point at which something can break.
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
    // The simulation kills processes, not the power: what was written to the file stays.
    this.db.pragma('synchronous = OFF');
    this.db.pragma('temp_store = MEMORY');
  }

  /** As the store asks for it: a driver's handle whose statements come through here. */
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

/** A fault as it struck: the store wraps what its driver throws. */
export const faultOf = (error: unknown): unknown =>
  error instanceof QueryFailedError ? error.driverError : error;
