import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Index for the durations of a program's recent jobs on a backend. Excludes scripted jobs, which state their duration.
 */
export class Finished1795305600000 implements MigrationInterface {
  readonly name = 'Finished1795305600000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX "jobs_finished" ON "jobs" ("backend", "program", "ended_at", "instance", "started_at") WHERE script IS NULL AND started_at IS NOT NULL AND ended_at IS NOT NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX "jobs_finished"');
  }
}
