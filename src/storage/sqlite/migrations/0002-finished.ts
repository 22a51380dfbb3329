import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How long the recent jobs of a program took on a backend, without reading the jobs. Scripts say it themselves. */
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
