import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The first schema. A test compares the sum of all migrations with `entities/rows.ts`. */
export class First1795219200000 implements MigrationInterface {
  readonly name = 'First1795219200000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('There is nothing before the first schema. Remove the database file instead.');
  }
}

const statements = [
  `CREATE TABLE "backends" ("name" text PRIMARY KEY NOT NULL, "driver" text NOT NULL, "slots" integer NOT NULL, "lanes" integer NOT NULL, "limits" text NOT NULL, "on_idle" text NOT NULL, "status" text NOT NULL, "status_reason" text, "queued_jobs" integer NOT NULL, "options" text NOT NULL, "created_at" bigint NOT NULL)`,
  `CREATE TABLE "slots" ("backend" text NOT NULL, "slot" integer NOT NULL, "reserved_for" text, PRIMARY KEY ("backend", "slot"))`,
  `CREATE TABLE "instances" ("id" text PRIMARY KEY NOT NULL, "name" text NOT NULL, "crn" text NOT NULL, "shares" double precision NOT NULL, "budget" bigint, "plan" text NOT NULL, "charged" bigint NOT NULL, "due_at" bigint, "created_at" bigint NOT NULL)`,
  `CREATE INDEX "instances_due" ON "instances" ("due_at", "id") WHERE due_at IS NOT NULL`,
  `CREATE UNIQUE INDEX "instances_name" ON "instances" ("name")`,
  `CREATE UNIQUE INDEX "instances_crn" ON "instances" ("crn")`,
  `CREATE TABLE "tokens" ("id" text PRIMARY KEY NOT NULL, "hash" text NOT NULL, "user" text NOT NULL, "role" text NOT NULL, "instance" text NOT NULL, "created_at" bigint NOT NULL, "expires_at" bigint, "revoked_at" bigint)`,
  `CREATE UNIQUE INDEX "tokens_hash" ON "tokens" ("hash")`,
  `CREATE TABLE "sessions" ("id" text PRIMARY KEY NOT NULL, "backend" text NOT NULL, "instance" text NOT NULL, "user" text NOT NULL, "mode" text NOT NULL, "limits" text NOT NULL, "state" text NOT NULL, "state_reason" text, "accepting_jobs" smallint NOT NULL, "created_at" bigint NOT NULL, "started_at" bigint, "activated_at" bigint, "activation" bigint, "closed_at" bigint, "last_job_started" bigint, "last_job_completed" bigint, "timestamps" text NOT NULL, "queued_jobs" integer NOT NULL, "running_jobs" integer NOT NULL, "head_seq" bigint, "idle_since" bigint, "active_spent" bigint NOT NULL, "active_since" bigint, "used" bigint NOT NULL, "slot" integer, "held_since" bigint, "running_starts" bigint NOT NULL, "due_at" bigint, "due_rank" smallint)`,
  `CREATE INDEX "sessions_all" ON "sessions" ("created_at", "id")`,
  `CREATE INDEX "sessions_listed" ON "sessions" ("instance", "created_at", "id")`,
  `CREATE INDEX "sessions_holding" ON "sessions" ("backend") WHERE slot IS NOT NULL`,
  `CREATE INDEX "sessions_accruing" ON "sessions" ("instance") WHERE slot IS NOT NULL`,
  `CREATE INDEX "sessions_batches" ON "sessions" ("backend", "activation") WHERE head_seq IS NOT NULL AND state = 'active' AND mode = 'batch'`,
  `CREATE INDEX "sessions_activations" ON "sessions" ("activation") WHERE activation IS NOT NULL`,
  `CREATE INDEX "sessions_waiting" ON "sessions" ("backend", "instance", "head_seq") WHERE head_seq IS NOT NULL AND state IN ('open', 'inactive')`,
  `CREATE INDEX "sessions_due" ON "sessions" ("due_at", "due_rank", "created_at", "id") WHERE due_at IS NOT NULL`,
  `CREATE TABLE "jobs" ("seq" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "id" text NOT NULL, "backend" text NOT NULL, "instance" text NOT NULL, "user" text NOT NULL, "session" text, "mode" text NOT NULL, "program" text NOT NULL, "state" text NOT NULL, "reason" text, "reason_code" integer, "created_at" bigint NOT NULL, "started_at" bigint, "ended_at" bigint, "max_execution_time" bigint NOT NULL, "script" text, "attempts" integer NOT NULL, "max_attempts" integer NOT NULL, "token" text, "slot" integer, "stop" text, "used" bigint NOT NULL, "details" text NOT NULL, "due_at" bigint, "due_rank" smallint)`,
  `CREATE UNIQUE INDEX "jobs_id" ON "jobs" ("id")`,
  `CREATE INDEX "jobs_by_session" ON "jobs" ("session", "seq") WHERE session IS NOT NULL`,
  `CREATE INDEX "jobs_listed" ON "jobs" ("instance", "created_at", "seq")`,
  `CREATE INDEX "jobs_running" ON "jobs" ("backend", "slot") WHERE state = 'running'`,
  `CREATE INDEX "jobs_accruing" ON "jobs" ("instance") WHERE state = 'running'`,
  `CREATE INDEX "jobs_of_session" ON "jobs" ("session", "seq") WHERE state = 'queued' AND session IS NOT NULL`,
  `CREATE INDEX "jobs_alone" ON "jobs" ("backend", "instance", "seq") WHERE state = 'queued' AND session IS NULL`,
  `CREATE INDEX "jobs_due" ON "jobs" ("due_at", "due_rank", "seq") WHERE due_at IS NOT NULL`,
  `CREATE TABLE "job_params" ("job" text PRIMARY KEY NOT NULL, "body" text NOT NULL)`,
  `CREATE TABLE "job_results" ("job" text PRIMARY KEY NOT NULL, "body" text NOT NULL)`,
  `CREATE TABLE "job_logs" ("id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "job" text NOT NULL, "at" bigint NOT NULL, "level" text NOT NULL, "text" text NOT NULL)`,
  `CREATE INDEX "job_logs_job" ON "job_logs" ("job", "id")`,
  `CREATE TABLE "job_tags" ("job" text NOT NULL, "tag" text NOT NULL, PRIMARY KEY ("job", "tag"))`,
  `CREATE INDEX "job_tags_tag" ON "job_tags" ("tag", "job")`,
  `CREATE TABLE "ledger" ("id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "kind" text NOT NULL, "backend" text NOT NULL, "slot" integer NOT NULL, "instance" text NOT NULL, "user" text NOT NULL, "session" text, "job" text, "from" bigint NOT NULL, "to" bigint NOT NULL, "total" bigint NOT NULL)`,
  `CREATE INDEX "ledger_window" ON "ledger" ("instance", "to", "id")`,
  `CREATE TABLE "events" ("id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "type" text NOT NULL, "at" bigint NOT NULL, "processed_at" bigint NOT NULL, "actor" text NOT NULL, "cause" text, "backend" text NOT NULL, "instance" text NOT NULL, "session" text, "job" text)`,
  `CREATE INDEX "events_instance" ON "events" ("instance", "id") `,
  `CREATE INDEX "events_session" ON "events" ("session", "id") WHERE session IS NOT NULL`,
  `CREATE TABLE "receipts" ("subject" text PRIMARY KEY NOT NULL, "key" text NOT NULL, "hash" text, "at" bigint NOT NULL)`,
  `CREATE INDEX "receipts_key" ON "receipts" ("key", "at") `,
  `CREATE INDEX "receipts_at" ON "receipts" ("at") `,
  `CREATE TABLE "facts" ("key" text PRIMARY KEY NOT NULL, "value" text NOT NULL)`,
];
