import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How much the users of an instance share, and who is charged for a job in another user's session. */
const added = [
  ['instances', 'sharing', `text NOT NULL DEFAULT 'see'`],
  ['jobs', 'charged_to', 'text'],
] as const;

export class Sharing1796083200000 implements MigrationInterface {
  readonly name = 'Sharing1796083200000';

  async up(runner: QueryRunner): Promise<void> {
    for (const [table, column, type] of added)
      await runner.query(`ALTER TABLE "${table}" ADD COLUMN "${column}" ${type}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [table, column] of added) await runner.query(`ALTER TABLE "${table}" DROP COLUMN "${column}"`);
  }
}
