import type { QueryRunner } from 'typeorm';

export type Value = string | number | null;
export type Row = Record<string, Value>;

/**
 * Statements on one connection, written with `?`. The hot paths use these instead of the entity manager: a status read or
 * a submit is a handful of primary-key statements, and building and hydrating them through a query builder costs ten
 * times what SQLite needs to run them. Definitions and migrations stay with TypeORM.
 */
export class Sql {
  constructor(private readonly runner: QueryRunner) {}

  all<T = Row>(statement: string, ...values: Value[]): Promise<T[]> {
    return this.runner.query(statement, values) as Promise<T[]>;
  }

  async one<T = Row>(statement: string, ...values: Value[]): Promise<T | null> {
    return (await this.all<T>(statement, ...values))[0] ?? null;
  }

  async run(statement: string, ...values: Value[]): Promise<void> {
    await this.runner.query(statement, values);
  }

  /** Runs a DELETE, INSERT or UPDATE and answers how many rows it changed. */
  async change(statement: string, ...values: Value[]): Promise<number> {
    const rows = await this.runner.query(`${statement} RETURNING 1 AS changed`, values);
    return (rows as unknown[]).length;
  }
}

export const quoted = (columns: readonly string[]): string => columns.map((c) => `"${c}"`).join(', ');

export const insertInto = (table: string, columns: readonly string[]): string =>
  `INSERT INTO ${table} (${quoted(columns)}) VALUES (${columns.map(() => '?').join(', ')})`;

export const updateById = (table: string, columns: readonly string[], key: string): string =>
  `UPDATE ${table} SET ${columns.map((c) => `"${c}" = ?`).join(', ')} WHERE "${key}" = ?`;
