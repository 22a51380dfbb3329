import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * When a session's client last sent a heartbeat. Up to 0.2.0 a migration of a dialect added this column, so it may
 * exist although this migration has not run.
 */
export class HeardAt1795478400001 implements MigrationInterface {
  readonly name = 'HeardAt1795478400001';

  async up(runner: QueryRunner): Promise<void> {
    if (await runner.hasColumn('sessions', 'heard_at')) return;
    await runner.query('ALTER TABLE "sessions" ADD COLUMN "heard_at" bigint');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "sessions" DROP COLUMN "heard_at"');
  }
}
