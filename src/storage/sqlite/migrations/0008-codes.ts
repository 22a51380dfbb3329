import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How the sentences begin with which earlier versions closed a session. Of two that match, the longer one comes first.
 */
const closings = [
  ['max_ttl', 'max_ttl of '],
  ['active_ttl', 'active_ttl of '],
  ['interactive_ttl', 'interactive_ttl of '],
  ['unused_ttl', 'unused for '],
  ['heartbeat_ttl', 'its client was silent for '],
  ['drained', 'drained: '],
  ['budget_reached', 'budget of '],
  ['closed_by_admin', 'closed by admin '],
  ['closed_by_user', 'closed by '],
  ['stopped', 'stopped by '],
  ['runner_lost', 'its interpreter died'],
  ['runner_ended', 'its interpreter ended'],
  ['runner_not_started', 'its interpreter could not be started'],
] as const;

/**
 * Numbers with which earlier versions stored why the service ended a job, in the same column as numbers from programs.
 */
const endings = [
  ['session_closed', 1217, 'failed'],
  ['runner_lost', 1010, 'failed'],
  ['ran_too_long', 1305, 'cancelled'],
] as const;

/** Adds codes beside the sentences: why a session closed, why the service ended a job, who set a backend's status. */
export class Codes1796256000000 implements MigrationInterface {
  readonly name = 'Codes1796256000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "sessions" ADD COLUMN "close_code" text');
    await runner.query('ALTER TABLE "jobs" ADD COLUMN "end_code" text');
    await runner.query(`ALTER TABLE "backends" ADD COLUMN "status_by" text NOT NULL DEFAULT 'operator'`);
    await runner.query(
      `UPDATE backends SET status_by = 'service' WHERE substr(status_reason, 1, 21) = 'its driver cannot run'`,
    );
    const cases = closings.map(
      ([code, begins]) => `WHEN substr(state_reason, 1, ${begins.length}) = '${begins}' THEN '${code}'`,
    );
    await runner.query(`UPDATE sessions SET close_code = CASE ${cases.join(' ')} END WHERE state = 'closed'`);
    for (const [code, number, state] of endings)
      await runner.query(
        `UPDATE jobs SET end_code = '${code}', reason_code = NULL WHERE reason_code = ${number} AND state = '${state}'`,
      );
    await runner.query(
      `UPDATE jobs SET stop = json_set(json_remove(stop, '$.reasonCode'), '$.endCode',
         CASE json_extract(stop, '$.reasonCode') WHEN 1305 THEN 'ran_too_long' END) WHERE stop IS NOT NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `UPDATE jobs SET stop = json_set(json_remove(stop, '$.endCode'), '$.reasonCode',
         CASE json_extract(stop, '$.endCode') WHEN 'ran_too_long' THEN 1305 END) WHERE stop IS NOT NULL`,
    );
    for (const [code, number] of endings)
      await runner.query(`UPDATE jobs SET reason_code = ${number} WHERE end_code = '${code}'`);
    await runner.query('ALTER TABLE "backends" DROP COLUMN "status_by"');
    await runner.query('ALTER TABLE "jobs" DROP COLUMN "end_code"');
    await runner.query('ALTER TABLE "sessions" DROP COLUMN "close_code"');
  }
}
