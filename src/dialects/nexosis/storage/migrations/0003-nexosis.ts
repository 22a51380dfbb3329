import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Creates the tables of the Nexosis dialect, which `rows.ts` describes. */
export class Nexosis1795392000000 implements MigrationInterface {
  readonly name = 'Nexosis1795392000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of tables) await runner.query(`DROP TABLE "nexosis_${table}"`);
  }
}

const tables = [
  ...['data_sets', 'rows', 'sessions', 'tables', 'models', 'views', 'imports', 'deliveries', 'accounts'],
];

const statements = [
  `CREATE TABLE "nexosis_data_sets" ("id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "instance" text NOT NULL, "name" text NOT NULL, "name_key" text NOT NULL, "columns" text NOT NULL, "missing_values" text NOT NULL, "row_count" integer NOT NULL, "size" integer NOT NULL, "created_at" bigint NOT NULL, "modified_at" bigint NOT NULL, "state" text NOT NULL)`,
  `CREATE UNIQUE INDEX "nexosis_data_sets_name" ON "nexosis_data_sets" ("instance", "name_key") WHERE state <> 'removed'`,
  `CREATE TABLE "nexosis_rows" ("data_set" integer NOT NULL, "at" bigint NOT NULL, "seq" integer NOT NULL, "key" text, "size" integer NOT NULL, "body" text NOT NULL, PRIMARY KEY ("data_set", "at", "seq")) WITHOUT ROWID`,
  `CREATE UNIQUE INDEX "nexosis_rows_key" ON "nexosis_rows" ("data_set", "key") WHERE key IS NOT NULL`,
  `CREATE TABLE "nexosis_sessions" ("id" text PRIMARY KEY NOT NULL, "job" text NOT NULL, "instance" text NOT NULL, "type" text NOT NULL, "name" text NOT NULL, "source_key" text NOT NULL, "event_name" text, "model_id" text, "requested_at" bigint NOT NULL, "asked" text NOT NULL, "messages" text NOT NULL, "outcome" text, "progress" text)`,
  `CREATE UNIQUE INDEX "nexosis_sessions_job" ON "nexosis_sessions" ("job")`,
  `CREATE INDEX "nexosis_sessions_source" ON "nexosis_sessions" ("instance", "source_key")`,
  `CREATE INDEX "nexosis_sessions_listed" ON "nexosis_sessions" ("instance", "requested_at", "id")`,
  `CREATE TABLE "nexosis_tables" ("owner" text NOT NULL, "table" text NOT NULL, "chunk" integer NOT NULL, "body" text NOT NULL, PRIMARY KEY ("owner", "table", "chunk")) WITHOUT ROWID`,
  `CREATE TABLE "nexosis_models" ("id" text PRIMARY KEY NOT NULL, "instance" text NOT NULL, "source_key" text NOT NULL, "name" text, "domain" text NOT NULL, "created_at" bigint NOT NULL, "last_used_at" bigint, "body" text NOT NULL)`,
  `CREATE INDEX "nexosis_models_source" ON "nexosis_models" ("instance", "source_key")`,
  `CREATE TABLE "nexosis_views" ("instance" text NOT NULL, "name_key" text NOT NULL, "body" text NOT NULL, PRIMARY KEY ("instance", "name_key"))`,
  `CREATE TABLE "nexosis_imports" ("id" text PRIMARY KEY NOT NULL, "instance" text NOT NULL, "requested_at" bigint NOT NULL, "body" text NOT NULL)`,
  `CREATE INDEX "nexosis_imports_listed" ON "nexosis_imports" ("instance", "requested_at")`,
  `CREATE TABLE "nexosis_deliveries" ("id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "session" text NOT NULL, "url" text NOT NULL, "token" text NOT NULL, "body" text NOT NULL, "attempts" integer NOT NULL, "due_at" bigint NOT NULL)`,
  `CREATE INDEX "nexosis_deliveries_session" ON "nexosis_deliveries" ("session", "id")`,
  `CREATE TABLE "nexosis_accounts" ("instance" text PRIMARY KEY NOT NULL, "predictions" integer NOT NULL)`,
];
