import { Column, Entity, PrimaryColumn, type MigrationInterface, type QueryRunner } from 'typeorm';
import {
  anyObject,
  jsonColumn,
  member,
  objectOf,
  oneOf,
  optionalMember,
  text,
  whole,
} from '../../src/scheduler/codec.js';
import { perQuery } from '../../src/scheduler/query.ports.js';
import { insertInto } from '../../src/scheduler/statements.js';
import { types, type JobRequestRest } from './wire.js';

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

/** The stored form, which reading checks: a row that another version wrote is refused, and never guessed. */
const requestColumn = jsonColumn(
  'ionq_jobs.request',
  objectOf<JobRequestRest>({
    type: member('type', oneOf(...types)),
    shots: member('shots', whole),
    name: optionalMember('name', text),
    metadata: optionalMember('metadata', anyObject),
    settings: optionalMember('settings', anyObject),
  }),
);

/** Reads and writes rows by the job's id, in a transaction or in committed state. */
export const ionqJobs = perQuery((query) => ({
  insert: (job: string, request: JobRequestRest) =>
    query.run(insertInto('ionq_jobs', ['job', 'request']), job, requestColumn.write(request)),
  async find(job: string): Promise<JobRequestRest | null> {
    const row = await query.one<{ request: string }>('SELECT request FROM ionq_jobs WHERE job = ?', job);
    return row === null ? null : requestColumn.read(row.request, job);
  },
}));
