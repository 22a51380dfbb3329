import { Column, Entity, PrimaryColumn, type MigrationInterface, type QueryRunner } from 'typeorm';
import { perQuery } from '../../src/scheduler/query.ports.js';
import { insertInto } from '../../src/scheduler/statements.js';
import type { AskedJob } from './wire.js';

/** What a client said about its job that the scheduler does not keep. */
@Entity('ionq_jobs')
class IonqJobRow {
  @PrimaryColumn({ type: 'text' }) job!: string;
  @Column({ type: 'text' }) asked!: string;
}

class Ionq1796256000000 implements MigrationInterface {
  readonly name = 'Ionq1796256000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE "ionq_jobs" ("job" text PRIMARY KEY NOT NULL, "asked" text NOT NULL)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "ionq_jobs"');
  }
}

export const ionqTables = { entities: [IonqJobRow], migrations: [Ionq1796256000000] };

/** By the job's id, in a transaction or in committed state. */
export const ionqJobs = perQuery((query) => ({
  insert: (job: string, asked: AskedJob) =>
    query.run(insertInto('ionq_jobs', ['job', 'asked']), job, JSON.stringify(asked)),
  async find(job: string): Promise<AskedJob | null> {
    const row = await query.one<{ asked: string }>('SELECT asked FROM ionq_jobs WHERE job = ?', job);
    return row === null ? null : (JSON.parse(row.asked) as AskedJob);
  },
}));
