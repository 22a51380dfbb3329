import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The kinds of deadlines, each at the index of its rank. Earlier versions stored only the rank. */
const kinds = [
  'max_ttl',
  'active_ttl',
  'budget',
  'job_limit',
  'job_end',
  'interactive_ttl',
  'unused_ttl',
  'kill',
  'heartbeat_ttl',
];
const kindOfRank = `CASE due_rank ${kinds.map((kind, rank) => `WHEN ${rank} THEN '${kind}'`).join(' ')} END`;

/** Stores the kind of a deadline as a word. The rank stays, because it orders the index of deadlines. */
export class DueKinds1796342400000 implements MigrationInterface {
  readonly name = 'DueKinds1796342400000';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of ['sessions', 'jobs']) {
      await runner.query(`ALTER TABLE "${table}" ADD COLUMN "due_kind" text`);
      await runner.query(`UPDATE "${table}" SET due_kind = ${kindOfRank} WHERE due_at IS NOT NULL`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['sessions', 'jobs'])
      await runner.query(`ALTER TABLE "${table}" DROP COLUMN "due_kind"`);
  }
}
