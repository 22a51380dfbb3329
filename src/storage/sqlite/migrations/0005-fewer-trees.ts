import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Reduces the number of B-trees that a submit touches: it writes a page of each, and flushing these pages is most of a
 * commit's cost. The texts of a job move under its number, which needs no separate index, and receipts lose one tree.
 */
export class FewerTrees1795737600000 implements MigrationInterface {
  readonly name = 'FewerTrees1795737600000';

  async up(runner: QueryRunner): Promise<void> {
    for (const { table, there, toThere } of tables) await replace(runner, table, there, toThere);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { table, back, toBack } of tables) await replace(runner, table, back, toBack);
  }
}

/** Recreates the table by `definitions` and fills it with what `from` selects from the `old` one. */
async function replace(
  runner: QueryRunner,
  table: string,
  definitions: readonly string[],
  from: string,
): Promise<void> {
  await runner.query(`ALTER TABLE "${table}" RENAME TO "old"`);
  for (const definition of definitions) await runner.query(definition);
  await runner.query(`INSERT INTO "${table}" ${from}`);
  await runner.query('DROP TABLE "old"');
}

const textsByNumber = (table: string) => [
  `CREATE TABLE "${table}" ("seq" integer PRIMARY KEY NOT NULL, "body" text NOT NULL)`,
];
const textsByJob = (table: string) => [
  `CREATE TABLE "${table}" ("job" text PRIMARY KEY NOT NULL, "body" text NOT NULL)`,
];
// The index is renamed with the table it belongs to.
const receiptsByKey = [
  'DROP INDEX "receipts_key"',
  'DROP INDEX "receipts_at"',
  `CREATE TABLE "receipts" ("key" text NOT NULL, "at" bigint NOT NULL, "subject" text NOT NULL, "hash" text, PRIMARY KEY ("key", "at", "subject")) WITHOUT ROWID`,
  `CREATE INDEX "receipts_subject" ON "receipts" ("subject") `,
  `CREATE INDEX "receipts_at" ON "receipts" ("at") `,
];
const receiptsBySubject = [
  'DROP INDEX "receipts_subject"',
  'DROP INDEX "receipts_at"',
  `CREATE TABLE "receipts" ("subject" text PRIMARY KEY NOT NULL, "key" text NOT NULL, "hash" text, "at" bigint NOT NULL)`,
  `CREATE INDEX "receipts_key" ON "receipts" ("key", "at") `,
  `CREATE INDEX "receipts_at" ON "receipts" ("at") `,
];

/** The definitions of each table after and before, and the statements that copy its rows. */
const tables = [
  ...['job_params', 'job_results'].map((table) => ({
    table,
    there: textsByNumber(table),
    toThere: 'SELECT j.seq, t.body FROM jobs j JOIN old t ON t.job = j.id ORDER BY j.seq',
    back: textsByJob(table),
    toBack: 'SELECT j.id, t.body FROM jobs j JOIN old t ON t.seq = j.seq',
  })),
  {
    table: 'receipts',
    there: receiptsByKey,
    toThere: 'SELECT "key", "at", "subject", "hash" FROM old',
    back: receiptsBySubject,
    toBack: 'SELECT "subject", "key", "hash", "at" FROM old',
  },
];
