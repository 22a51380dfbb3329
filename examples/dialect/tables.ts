import { Column, Entity, PrimaryColumn, type MigrationInterface, type QueryRunner } from 'typeorm';
import { perQuery } from '../../src/scheduler/query.ports.js';
import { insertInto } from '../../src/scheduler/statements.js';
import type { JobRequestRest } from './wire.js';

/** The members of a client's request that the scheduler does not store. */
@Entity('ionq_jobs')
class IonqJobRow {
  @PrimaryColumn({ type: 'text' }) job!: string;
  @Column({ type: 'text' }) request!: string;
}

class Ionq1796256000000 implements MigrationInterface {
  readonly name = 'Ionq1796256000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE "ionq_jobs" ("job" text PRIMARY KEY NOT NULL, "request" text NOT NULL)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "ionq_jobs"');
  }
}

export const ionqTables = { entities: [IonqJobRow], migrations: [Ionq1796256000000] };

/** Reads and writes rows by the job's id, in a transaction or in committed state. */
export const ionqJobs = perQuery((query) => ({
  insert: (job: string, request: JobRequestRest) =>
    query.run(insertInto('ionq_jobs', ['job', 'request']), job, JSON.stringify(request)),
  async find(job: string): Promise<JobRequestRest | null> {
    const row = await query.one<{ request: string }>('SELECT request FROM ionq_jobs WHERE job = ?', job);
    return row === null ? null : (JSON.parse(row.request) as JobRequestRest);
  },
}));
