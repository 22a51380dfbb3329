import { isDeepStrictEqual } from 'node:util';
import type { JobRecord } from '../../src/scheduler/ports.js';
import type { JobRow } from '../../src/storage/sqlite/entities/rows.js';
import { toJobRecord } from '../../src/storage/sqlite/mapping.js';
import type { SqlRow } from '../../src/storage/sqlite/sql.js';
import type { World } from './world.js';

/**
 * Compares the file, and the answers of reads, with the committed changes: all rows, or the rows that changed since the
 * last comparison.
 */
export async function checkStored(world: World, everything: boolean): Promise<void> {
  const { shadow, service } = world;
  const { read } = service.store;
  const report = (what: string) => world.laws.report('stored', what);
  const sessions = everything ? shadow.sessions.keys() : shadow.dirty.sessions;
  for (const id of sessions) {
    if (!isDeepStrictEqual(await read.session(id), shadow.sessions.get(id)))
      report(`session ${id} is not as it was saved`);
  }
  const jobs = everything ? shadow.jobs.keys() : shadow.dirty.jobs;
  for (const id of jobs) {
    const stored = storedJob(world, id);
    const expectedRow = shadow.jobs.get(id);
    const expected =
      expectedRow === undefined || stored === null
        ? expectedRow
        : { ...expectedRow, details: stored.details };
    if (!isDeepStrictEqual(stored ?? undefined, expected)) report(`job ${id} is not as it was saved`);
    if (!isDeepStrictEqual(await read.job(id), stored)) report(`job ${id} is read with an old state`);
  }
  shadow.dirty.sessions.clear();
  shadow.dirty.jobs.clear();
  checkSums(world);
}

function storedJob(world: World, id: string): JobRecord | null {
  const [row] = world.service.connections[1]?.db.prepare('SELECT * FROM jobs WHERE id = ?').all(id) ?? [];
  return row === undefined ? null : toJobRecord(row as JobRow);
}

/** Checks stored sums against the rows that they sum up. */
function checkSums(world: World): void {
  const { shadow, laws } = world;
  const all = (sql: string) => rowsOf(world, sql);
  const none = (law: string, sql: string) => {
    for (const row of all(sql)) laws.report(law, JSON.stringify(row));
  };
  none(
    'ledger',
    `SELECT i.id, i.charged, SUM(l."to" - l."from") AS entries FROM instances i LEFT JOIN ledger l ON l.instance = i.id
     GROUP BY i.id HAVING i.charged <> COALESCE(SUM(l."to" - l."from"), 0)`,
  );
  none(
    'ledger',
    `SELECT * FROM (SELECT id, instance, total, SUM("to" - "from") OVER (PARTITION BY instance ORDER BY id) AS sum
     FROM ledger) WHERE total <> sum`,
  );
  none(
    'ledger',
    `SELECT j.id, j.used, SUM(l."to" - l."from") AS entries FROM jobs j LEFT JOIN ledger l ON l.job = j.id
     WHERE j.session IS NULL GROUP BY j.id HAVING j.used <> COALESCE(SUM(l."to" - l."from"), 0)`,
  );
  none(
    'counters',
    `SELECT name, queued_jobs FROM backends
     WHERE queued_jobs <> (SELECT COUNT(*) FROM jobs WHERE state = 'queued' AND backend = name)`,
  );
  none(
    'results',
    `SELECT id FROM jobs WHERE state = 'completed' AND seq NOT IN (SELECT seq FROM job_results)`,
  );
  const [counts] = all(
    'SELECT (SELECT COUNT(*) FROM sessions) AS sessions, (SELECT COUNT(*) FROM jobs) AS jobs',
  );
  if (counts?.sessions !== shadow.sessions.size || counts.jobs !== shadow.jobs.size)
    laws.report(
      'stored',
      `${JSON.stringify(counts)}, and ${shadow.sessions.size} and ${shadow.jobs.size} were`,
    );
  for (const { id, body } of all(
    `SELECT j.id, r.body FROM jobs j JOIN job_results r ON r.seq = j.seq WHERE j.state = 'completed' AND j.script IS NULL`,
  )) {
    const expected = JSON.stringify({ by: shadow.lastToken.get(String(id)) });
    if (body !== expected)
      laws.report('fencing', `${id} has the result ${body}, its last attempt was ${expected}`);
  }
}

export const rowsOf = (world: World, sql: string): SqlRow[] =>
  (world.service.connections[1]?.db.prepare(sql).all() ?? []) as SqlRow[];

/** Tables that may differ between equal histories: a process that ends forgets which receipts to remove. */
const passing = ['migrations', 'receipts'];

/** Returns every table, sorted, as text. Equal histories have equal text. */
export function exported(world: World): string {
  const tables = rowsOf(world, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    .map(({ name }) => String(name))
    .filter((name) => !passing.includes(name) && !name.startsWith('sqlite_'));
  return tables
    .map((name) =>
      [
        name,
        ...rowsOf(world, `SELECT * FROM "${name}"`)
          .map((row) => JSON.stringify(row))
          .sort(),
      ].join('\n'),
    )
    .join('\n\n');
}
