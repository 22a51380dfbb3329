import type { Millis } from '../../../kernel/time.js';
import { anyObject, jsonColumn, wordColumn } from '../../../scheduler/codec.js';
import { perQuery, type Query, type Value } from '../../../scheduler/query.ports.js';
import { insertInto } from '../../../scheduler/statements.js';
import type {
  LivyBatch,
  LivyEntry,
  LivyPage,
  LivyReads,
  LivySession,
  LivyStatement,
  LivyTx,
  LivyType,
} from './ports.js';
import { retainedCloseCodes } from './retention.js';
import type { LivyEntryRow } from './rows.js';

/** For each type, the table of the subject and the condition that it is still shown (Livy dialect, retention). */
const subjects = {
  session: {
    table: 'sessions',
    isShown: `(x.state <> 'closed' OR (x.closed_at > ? AND x.close_code IN (${retainedCloseCodes.map(() => '?').join(', ')})))`,
    values: retainedCloseCodes,
  },
  batch: {
    table: 'jobs',
    isShown: `(x.state IN ('queued', 'running') OR x.ended_at > ?)`,
    values: [],
  },
} as const satisfies Record<LivyType, { table: string; isShown: string; values: readonly string[] }>;

/** Only answers repeat a request, so its members are free. */
const requestColumn = jsonColumn('livy_entries.asked', anyObject);
const typeOf = wordColumn('livy_entries.type', ['session', 'batch']);

/** Most sessions to remove at once. Removing more would delay the user who opens a session. */
const mostSwept = 20;

export const livyStore = perQuery((sql): LivyTx => ({
  async nextNumber(type) {
    const key = `livy_${type}s`;
    const [row] = await sql.all<{ value: string }>(
      `INSERT INTO facts ("key", value) VALUES (?, '1')
       ON CONFLICT ("key") DO UPDATE SET value = CAST(CAST(facts.value AS integer) + 1 AS text) RETURNING value`,
      key,
    );
    return Number(row?.value ?? 1) - 1;
  },
  async insert({ type, number, subject, job, instance, name, request }) {
    const row = {
      type,
      number,
      subject,
      job,
      instance,
      name,
      asked: requestColumn.write(request),
      removed_at: null,
    };
    await sql.run(insertInto('livy_entries', Object.keys(row)), ...Object.values(row));
  },
  async findByName(type, name, instance, endedAfter) {
    const { table, isShown, values } = subjects[type];
    const row = await sql.one<LivyEntryRow>(
      `SELECT e.* FROM livy_entries e JOIN ${table} x ON x.id = e.subject
       WHERE e.name IS NOT NULL AND e.removed_at IS NULL AND e.type = ? AND e.name = ? AND e.instance = ? AND ${isShown} LIMIT 1`,
      type,
      name,
      instance,
      endedAfter,
      ...values,
    );
    return row === null ? null : toEntry(row);
  },
  remove: (type, number, at) => remove(sql, type, number, at),
  async sweep(endedAfter, at) {
    const rows = await sql.all<{ number: number }>(
      `SELECT e.number FROM livy_entries e JOIN sessions x ON x.id = e.subject
       WHERE e.removed_at IS NULL AND e.type = 'session' AND x.state = 'closed' AND x.closed_at <= ? LIMIT ?`,
      endedAfter,
      mostSwept,
    );
    for (const { number } of rows) await remove(sql, 'session', Number(number), at);
  },
  async bySubject(type, subject) {
    const row = await sql.one<LivyEntryRow>(
      'SELECT * FROM livy_entries WHERE subject = ? AND type = ?',
      subject,
      type,
    );
    return row === null ? null : toEntry(row);
  },
  async nextStatement(session) {
    const row = await sql.one<{ next: number }>(
      'SELECT COALESCE(MAX(number) + 1, 0) AS next FROM livy_statements WHERE session = ?',
      session,
    );
    return Number(row?.next ?? 0);
  },
  addStatement: (session, number, job) =>
    sql.run(insertInto('livy_statements', ['session', 'number', 'job']), session, number, job),
  async statementOf(job) {
    const row = await sql.one<{ number: number }>('SELECT number FROM livy_statements WHERE job = ?', job);
    return row === null ? null : Number(row.number);
  },
}));

async function remove(sql: Query, type: LivyType, number: number, at: Millis): Promise<void> {
  await sql.run('UPDATE livy_entries SET removed_at = ? WHERE type = ? AND number = ?', at, type, number);
  if (type === 'batch') return;
  for (const table of ['job_params', 'job_results'])
    await sql.run(
      `DELETE FROM ${table}
       WHERE seq IN (SELECT j.seq FROM livy_statements s JOIN jobs j ON j.id = s.job WHERE s.session = ?)`,
      number,
    );
}

export const livyReads = perQuery((sql): LivyReads => {
  const entry = async (
    type: LivyType,
    key: number | string,
    instance: string | undefined,
  ): Promise<LivyEntry | null> => {
    // Names can be reused, so take the latest. Names are unique only within an instance.
    const byInstance = typeof key === 'string' && instance !== undefined;
    const where = typeof key === 'number' ? 'number = ?' : `name = ?${byInstance ? ' AND instance = ?' : ''}`;
    const row = await sql.one<LivyEntryRow>(
      `SELECT * FROM livy_entries WHERE type = ? AND ${where} ORDER BY number DESC LIMIT 1`,
      type,
      key,
      ...(byInstance ? [instance] : []),
    );
    return row === null ? null : toEntry(row);
  };
  const withSession = async (livyEntry: LivyEntry): Promise<LivySession> => {
    const row = await sql.one('SELECT * FROM sessions WHERE id = ?', livyEntry.subject);
    if (row === null) throw new Error(`Session ${livyEntry.subject} does not exist.`);
    return { ...livyEntry, session: sql.rows.session(row) };
  };
  const withJob = async (livyEntry: LivyEntry): Promise<LivyBatch | null> => {
    const row = await sql.one('SELECT * FROM jobs WHERE id = ?', livyEntry.subject);
    return row === null ? null : { ...livyEntry, run: sql.rows.job(row) };
  };
  const page = async (type: LivyType, { instance, onlyOf, endedAfter, from, size }: LivyPage) => {
    const { table, isShown, values } = subjects[type];
    const where = `FROM livy_entries e JOIN ${table} x ON x.id = e.subject
      WHERE e.removed_at IS NULL AND e.type = ? AND ${isShown}
        ${instance === undefined ? '' : 'AND e.instance = ?'} ${onlyOf === undefined ? '' : 'AND x."user" = ?'}`;
    const params: Value[] = [type, endedAfter, ...values];
    for (const filter of [instance, onlyOf]) if (filter !== undefined) params.push(filter);
    const rows = await sql.all<LivyEntryRow>(
      `SELECT e.* ${where} ORDER BY e.number LIMIT ? OFFSET ?`,
      ...params,
      size,
      from,
    );
    const count = await sql.one<{ n: number }>(`SELECT COUNT(*) AS n ${where}`, ...params);
    return { entries: rows.map(toEntry), total: Number(count?.n ?? 0) };
  };
  return {
    async session(key, instance) {
      const match = await entry('session', key, instance);
      return match === null ? null : withSession(match);
    },
    async sessions(range) {
      const { entries, total } = await page('session', range);
      return { items: await Promise.all(entries.map(withSession)), total };
    },
    async batch(key, instance) {
      const match = await entry('batch', key, instance);
      return match === null ? null : withJob(match);
    },
    async batches(range) {
      const { entries, total } = await page('batch', range);
      const items = await Promise.all(entries.map(withJob));
      return { items: items.filter((batch) => batch !== null), total };
    },
    async statement(session, number) {
      const row = await sql.one<StatementRow>(
        `${selectStatement} WHERE s.session = ? AND s.number = ?`,
        session,
        number,
      );
      return row === null ? null : toStatement(sql, row);
    },
    async statements(session, { from, size, newestFirst }) {
      const rows = await sql.all<StatementRow>(
        `${selectStatement} WHERE s.session = ? ORDER BY s.number ${newestFirst ? 'DESC' : 'ASC'} LIMIT ? OFFSET ?`,
        session,
        size,
        from,
      );
      const count = await sql.one<{ n: number }>(
        'SELECT COUNT(*) AS n FROM livy_statements WHERE session = ?',
        session,
      );
      const items: LivyStatement[] = [];
      for (const row of rows) items.push(await toStatement(sql, row));
      return { items, total: Number(count?.n ?? 0) };
    },
    async statementNumbers(session, { from, size, newestFirst }) {
      const rows = await sql.all<{ number: number }>(
        `SELECT number FROM livy_statements WHERE session = ? ORDER BY number ${newestFirst ? 'DESC' : 'ASC'} LIMIT ? OFFSET ?`,
        ...[session, size, from],
      );
      const count = await sql.one<{ n: number }>(
        'SELECT COUNT(*) AS n FROM livy_statements WHERE session = ?',
        session,
      );
      return { numbers: rows.map(({ number }) => Number(number)), total: Number(count?.n ?? 0) };
    },
    async statementBytes(session, { from, size, newestFirst }) {
      // The database stores lengths in row headers, so this query does not read the texts.
      const row = await sql.one<{ n: number }>(
        `SELECT SUM(OCTET_LENGTH(p.body) + COALESCE(OCTET_LENGTH(r.body), 0)
           + COALESCE((SELECT SUM(t.bytes) FROM long_texts t WHERE t.seq = j.seq), 0)) AS n
         FROM (SELECT job FROM livy_statements WHERE session = ? ORDER BY number ${newestFirst ? 'DESC' : 'ASC'}
               LIMIT ? OFFSET ?) s
         JOIN jobs j ON j.id = s.job JOIN job_params p ON p.seq = j.seq LEFT JOIN job_results r ON r.seq = j.seq`,
        session,
        size,
        from,
      );
      return Number(row?.n ?? 0);
    },
  };
});

/** The columns that a statement's query reads in addition to those of its job. */
interface StatementRow {
  statement: number;
  params: string;
  output: string | null;
  seq: number;
}

const selectStatement = `SELECT j.*, s.number AS statement, p.body AS params, r.body AS output
  FROM livy_statements s JOIN jobs j ON j.id = s.job JOIN job_params p ON p.seq = j.seq
  LEFT JOIN job_results r ON r.seq = j.seq`;

const toStatement = async (sql: Query, row: StatementRow): Promise<LivyStatement> => ({
  number: Number(row.statement),
  job: sql.rows.job(row),
  params: await sql.text(row.params, 'params', row.seq),
  output: row.output === null ? null : await sql.text(row.output, 'result', row.seq),
});

const toEntry = (row: LivyEntryRow): LivyEntry => ({
  type: typeOf(row.type, `${row.type} ${row.number}`),
  number: Number(row.number),
  subject: row.subject,
  job: row.job,
  instance: row.instance,
  name: row.name,
  request: requestColumn.read(row.asked, `${row.type} ${row.number}`),
  removedAt: row.removed_at === null ? null : Number(row.removed_at),
});
