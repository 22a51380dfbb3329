import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Stores texts of many megabytes in pieces, so that writing or reading one takes many short turns instead of one long
 * one.
 */
export class LongTexts1796169600000 implements MigrationInterface {
  readonly name = 'LongTexts1796169600000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE "long_texts" ("id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "kind" text, "seq" integer, "bytes" integer NOT NULL)`,
    );
    await runner.query(
      `CREATE INDEX "long_texts_owner" ON "long_texts" ("seq", "kind") WHERE seq IS NOT NULL`,
    );
    await runner.query(
      `CREATE TABLE "long_text_parts" ("place" integer PRIMARY KEY NOT NULL, "body" blob NOT NULL)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    // Joins the pieces of each text and puts the whole text back into its row.
    for (const kind of ['params', 'result'])
      await runner.query(
        `UPDATE job_${kind === 'params' ? 'params' : 'results'} SET body = body || (
           SELECT CAST(group_concat(p.body, '') AS text) FROM (
             SELECT body FROM long_text_parts p JOIN long_texts t ON p.place >= t.id << 16 AND p.place < (t.id + 1) << 16
             WHERE t.seq = job_${kind === 'params' ? 'params' : 'results'}.seq AND t.kind = '${kind}' ORDER BY p.place) p)
         WHERE seq IN (SELECT seq FROM long_texts WHERE kind = '${kind}')`,
      );
    await runner.query('DROP TABLE "long_text_parts"');
    await runner.query('DROP TABLE "long_texts"');
  }
}
