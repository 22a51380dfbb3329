import type { JobDetails, JobFilter, JobRecord, Page, Tx } from '../../scheduler/ports.js';
import type { JobMemory } from '../../scheduler/process-memory.ports.js';
import type { JobRow } from './entities/rows.js';
import { headOf, setOwner, textOfRow } from './long-texts.store.js';
import { fromJob, toJob, toJobRecord } from './mapping.js';
import { storedForms } from '../stored-forms.js';
import { insertInto, buildOnce, updateById, type Sql, type Value } from './sql.js';

/**
 * Names the backends because the index of running jobs starts with the backend: without it, SQLite would scan all jobs.
 */
export const runsOnRunner = "state = 'running' AND script IS NULL AND backend IN (SELECT name FROM backends)";

const insertJob = buildOnce((columns) => insertInto('jobs', columns));
const updateJob = buildOnce((columns) => updateById('jobs', columns, 'id'));
const insertParams = insertInto('job_params', ['seq', 'body']);
const upsertResult = `INSERT INTO job_results (seq, body) SELECT seq, ? FROM jobs WHERE id = ?
  ON CONFLICT (seq) DO UPDATE SET body = excluded.body`;
/** Selects the `seq` of the job with an id; the job's texts are stored under that number. */
export const seqOfJob = '(SELECT seq FROM jobs WHERE id = ?)';
const insertLog = insertInto('job_logs', ['job', 'at', 'level', 'text']);
const insertTag = insertInto('job_tags', ['job', 'tag']);

const onAnyBackend = 'instance = ? AND backend IN (SELECT name FROM backends)';
/**
 * Uses the indexes of waiting work: lone jobs, then sessions with their own counters. The `+` keeps SQLite from
 * choosing the index that contains all sessions the instance ever had.
 */
const queuedOfInstance = `SELECT
  (SELECT COUNT(*) FROM jobs WHERE state = 'queued' AND session IS NULL AND ${onAnyBackend})
  + (SELECT COALESCE(SUM(queued_jobs), 0) FROM sessions
      WHERE head_seq IS NOT NULL AND state IN ('open', 'inactive') AND ${onAnyBackend})
  + (SELECT COALESCE(SUM(queued_jobs), 0) FROM sessions
      WHERE head_seq IS NOT NULL AND state = 'active' AND mode = 'batch' AND +${onAnyBackend})
  + (SELECT COALESCE(SUM(queued_jobs), 0) FROM sessions
      WHERE slot IS NOT NULL AND state = 'active' AND mode = 'dedicated' AND instance = ?) AS n`;

export function jobsStore(sql: Sql, cache: JobMemory): Tx['jobs'] {
  const select = async (where: string, ...values: Value[]) =>
    (await sql.all<JobRow>(`SELECT * FROM jobs WHERE ${where}`, ...values)).map(toJob);
  const addTags = async (job: string, tags: readonly string[]) => {
    for (const each of new Set(tags)) await sql.run(insertTag, job, each);
  };
  const saveDetails = async (job: string, changed: Partial<JobDetails>) => {
    cache.markChanged(job);
    const row = await sql.one<{ details: string }>('SELECT details FROM jobs WHERE id = ?', job);
    if (row === null) return;
    const details = { ...storedForms.job.details.read(row.details, job), ...changed };
    await sql.run('UPDATE jobs SET details = ? WHERE id = ?', storedForms.job.details.write(details), job);
  };
  return {
    find: async (id) => (await select('id = ?', id))[0] ?? null,
    async insert({ details, ...job }, params) {
      const row = { ...fromJob(job, null), details: storedForms.job.details.write(details) };
      const seq = await sql.insert(insertJob(row), Object.values(row));
      await sql.run(insertParams, seq, headOf(params));
      if (typeof params !== 'string') await setOwner(sql, params, 'params', seq);
      await addTags(job.id, details.tags);
      return { ...job, seq };
    },
    async save(job, due) {
      cache.markChanged(job.id);
      const { id, ...row } = fromJob(job, due);
      await sql.run(updateJob(row), ...Object.values(row), id);
    },
    endQueuedOf(session, { state, reason, endCode }, at) {
      cache.markManyChanged();
      return sql.change(
        "UPDATE jobs SET state = ?, reason = ?, end_code = ?, ended_at = ? WHERE state = 'queued' AND session = ?",
        ...[state, reason, endCode, at, session],
      );
    },
    async countQueuedOf(instance) {
      const row = await sql.one<{ n: number }>(queuedOfInstance, instance, instance, instance, instance);
      return Number(row?.n ?? 0);
    },
    async headOf(session) {
      const row = await sql.one<{ seq: number | null }>(
        "SELECT MIN(seq) AS seq FROM jobs WHERE state = 'queued' AND session = ?",
        session,
      );
      return row === null || row.seq === null ? null : Number(row.seq);
    },
    runningOf: (session) => select("state = 'running' AND session = ? ORDER BY seq", session),
    runningOnRunners: () => select(`${runsOnRunner} ORDER BY seq`),
    async saveResult(job, result) {
      await sql.run(upsertResult, headOf(result), job);
      const row = await sql.one<{ seq: number }>('SELECT seq FROM jobs WHERE id = ?', job);
      if (row !== null) await setOwner(sql, result, 'result', row.seq);
    },
    async takeResult(job) {
      const [row] = await sql.all<{ seq: number; body: string }>(
        `DELETE FROM job_results WHERE seq = ${seqOfJob} RETURNING seq, body`,
        job,
      );
      return row === undefined ? null : textOfRow(sql, row.body, 'result', row.seq);
    },
    appendLog: (job, at, level, text) => sql.run(insertLog, job, at, level, text),
    async saveTags(job, tags) {
      await sql.run('DELETE FROM job_tags WHERE job = ?', job);
      await addTags(job, tags);
      await saveDetails(job, { tags });
    },
    saveRanWith: (job, ranWith) => saveDetails(job, { ranWith }),
    async remove(job) {
      cache.markChanged(job);
      for (const table of ['job_params', 'job_results'])
        await sql.run(`DELETE FROM ${table} WHERE seq = ${seqOfJob}`, job);
      for (const table of ['job_logs', 'job_tags']) await sql.run(`DELETE FROM ${table} WHERE job = ?`, job);
      // Without the receipt, repeating the deleted job's submit creates one new job.
      await sql.run('DELETE FROM receipts WHERE subject = ?', job);
      await sql.run('DELETE FROM jobs WHERE id = ?', job);
    },
  };
}

export async function listJobs(sql: Sql, filter: JobFilter): Promise<Page<JobRecord>> {
  const where: string[] = [];
  const values: Value[] = [];
  const and = (condition: string, ...more: Value[]) => {
    where.push(condition);
    values.push(...more);
  };
  if (filter.instance !== undefined) and('instance = ?', filter.instance);
  if (filter.onlyOf !== undefined) and('("user" = ? OR charged_to = ?)', filter.onlyOf, filter.onlyOf);
  if (filter.backend !== undefined) and('backend = ?', filter.backend);
  if (filter.program !== undefined) and('program = ?', filter.program);
  if (filter.session !== undefined) and('session = ?', filter.session);
  if (filter.states !== undefined)
    and(`state IN (${filter.states.map(() => '?').join(', ')})`, ...filter.states);
  if (filter.createdFrom !== undefined) and('created_at >= ?', filter.createdFrom);
  if (filter.createdTo !== undefined) and('created_at <= ?', filter.createdTo);
  for (const tag of new Set(filter.tags ?? [])) {
    and('EXISTS (SELECT 1 FROM job_tags t WHERE t.job = jobs.id AND t.tag = ?)', tag);
  }
  const condition = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`;
  const order = filter.oldestFirst === true ? 'ASC' : 'DESC';
  const rows = await sql.all<JobRow>(
    `SELECT * FROM jobs ${condition} ORDER BY created_at ${order}, seq ${order} LIMIT ? OFFSET ?`,
    ...values,
    filter.limit,
    filter.offset,
  );
  const count = await sql.one<{ n: number }>(`SELECT COUNT(*) AS n FROM jobs ${condition}`, ...values);
  return { items: rows.map(toJobRecord), total: Number(count?.n ?? 0) };
}
