import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Adds the user who created a data set. Up to 0.2.0 the migration `Sharing` added the column, so a database may have it
 * although this migration has not run.
 */
export class DataSetUser1796083200001 implements MigrationInterface {
  readonly name = 'DataSetUser1796083200001';

  async up(runner: QueryRunner): Promise<void> {
    if (await runner.hasColumn('nexosis_data_sets', 'user')) return;
    await runner.query('ALTER TABLE "nexosis_data_sets" ADD COLUMN "user" text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "nexosis_data_sets" DROP COLUMN "user"');
  }
}
