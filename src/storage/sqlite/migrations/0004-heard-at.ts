import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * When a session's client was last heard of. Up to 0.2.0 a dialect's migration added the column, so a database may have it
 * although this migration has not run.
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
