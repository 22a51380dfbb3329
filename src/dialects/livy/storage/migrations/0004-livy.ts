import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Creates the tables with the numbers of Livy's sessions, batches and statements. */
export class Livy1795478400000 implements MigrationInterface {
  readonly name = 'Livy1795478400000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "livy_statements"');
    await runner.query('DROP TABLE "livy_entries"');
  }
}

const statements = [
  `CREATE TABLE "livy_entries" ("type" text NOT NULL, "number" integer NOT NULL, "subject" text NOT NULL, "job" text NOT NULL, "instance" text NOT NULL, "name" text, "asked" text NOT NULL, "removed_at" bigint, PRIMARY KEY ("type", "number"))`,
  `CREATE UNIQUE INDEX "livy_entries_subject" ON "livy_entries" ("subject")`,
  `CREATE INDEX "livy_entries_shown" ON "livy_entries" ("type", "number") WHERE removed_at IS NULL`,
  `CREATE INDEX "livy_entries_name" ON "livy_entries" ("type", "name") WHERE name IS NOT NULL AND removed_at IS NULL`,
  `CREATE TABLE "livy_statements" ("session" integer NOT NULL, "number" integer NOT NULL, "job" text NOT NULL, PRIMARY KEY ("session", "number"))`,
  `CREATE UNIQUE INDEX "livy_statements_job" ON "livy_statements" ("job")`,
];
