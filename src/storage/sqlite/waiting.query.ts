import type { BackendStatus } from '../../kernel/backend/backend.js';
import { isTied, type WaitingSession, type WaitingView } from '../../kernel/choice/waiting.js';
import type { Job } from '../../kernel/job/job.js';
import { clockEndOf } from '../../kernel/session/session.deadline.js';
import { isUsedUp } from '../../kernel/usage/budget.js';
import type { Millis } from '../../kernel/time.js';
import type { InstanceQueue, QueueMemory } from '../../scheduler/process-memory.ports.js';
import type { SessionRow } from './entities/rows.js';
import { toSession } from './mapping.js';
import { readCharged } from './snapshot.query.js';
import type { Sql } from './sql.js';

/** The most earlier jobs that are counted; a job further back is shown at this place. */
const maxCounted = 100_000;

/** Reads what is needed to place one queued job among the others. */
export async function readWaiting(
  sql: Sql,
  counts: QueueMemory,
  job: Job,
  at: Millis,
  fairShareWindow: Millis,
): Promise<WaitingView | null> {
  const backend = await sql.one<{
    status: string;
    status_reason: string | null;
    slots: number;
    queued_jobs: number;
  }>('SELECT status, status_reason, slots, queued_jobs FROM backends WHERE name = ?', job.backend);
  if (backend === null) return null;
  const limits = await sql.all<{ session: string | null; until: number }>(
    `SELECT session, MAX(started_at + max_execution_time) AS until FROM jobs
     WHERE state = 'running' AND mode = 'dedicated' AND backend = ? GROUP BY session`,
    job.backend,
  );
  const runsUntil = new Map(limits.map(({ session, until }) => [session, Number(until)]));
  const holders = (
    await sql.all<SessionRow>(
      'SELECT * FROM sessions WHERE slot IS NOT NULL AND backend = ? ORDER BY slot',
      job.backend,
    )
  )
    .map(toSession)
    .map((session) => ({
      id: session.id,
      slot: session.slot ?? 0,
      queued: session.queuedJobs,
      isClosed: session.state === 'closed',
      until: clockEndOf(session, 'max_ttl'),
      runsUntil: runsUntil.get(session.id) ?? null,
    }));
  const sessions = (where: string) =>
    sql.all<WaitingSession>(`SELECT id, queued_jobs AS queued FROM sessions WHERE ${where}`, job.backend);
  const ownSession = await sql.one<{ mode: string; head_seq: number | null }>(
    'SELECT mode, head_seq FROM sessions WHERE id = ?',
    job.session,
  );
  const seq = ownSession?.head_seq ?? job.seq;
  const before = (instance: string, most: number) =>
    counts.countBefore(['instance', job.backend, instance, seq, most], () =>
      countEarlier(sql, { backend: job.backend, instance, seq }, most),
    );
  return {
    at,
    backend: {
      status: backend.status as BackendStatus,
      statusReason: backend.status_reason,
      slots: backend.slots,
    },
    job: { session: job.session, instance: job.instance, needsSlot: ownSession?.mode === 'dedicated' },
    aheadInSession: await counts.countBefore(['session', job.session ?? '', job.seq], () =>
      count(
        sql,
        "SELECT COUNT(*) AS n FROM jobs WHERE state = 'queued' AND session IS NOT NULL AND session = ? AND seq < ?",
        job.session,
        job.seq,
      ),
    ),
    aheadInInstance: await before(job.instance, maxCounted),
    holders,
    reserved: await sql.all<WaitingSession>(
      `SELECT id, queued_jobs AS queued FROM slots JOIN sessions ON id = reserved_for
       WHERE slots.backend = ? ORDER BY slots.slot`,
      job.backend,
    ),
    batches: await sessions(
      "head_seq IS NOT NULL AND state = 'active' AND mode = 'batch' AND backend = ? ORDER BY activation",
    ),
    instances: await instances(
      sql,
      await counts.countsOf(
        { backend: job.backend, queued: backend.queued_jobs, requester: job.instance },
        () => generalQueue(sql, job.backend),
      ),
      { job, at, fairShareWindow },
      before,
    ),
  };
}

const count = async (sql: Sql, statement: string, ...values: (string | number | null)[]): Promise<number> =>
  Number((await sql.one<{ n: number }>(statement, ...values))?.n ?? 0);

/** Excludes sessions with a reservation: they wait for their slot and no longer in the general queue. */
const withoutReservation = 'NOT EXISTS (SELECT 1 FROM slots WHERE reserved_for = sessions.id)';

/**
 * Counts an instance's jobs in the general queue before `seq`: lone jobs, and all jobs of sessions placed before it.
 */
async function countEarlier(
  sql: Sql,
  { backend, instance, seq }: { backend: string; instance: string; seq: number },
  most: number,
): Promise<number> {
  const alone = await count(
    sql,
    `SELECT COUNT(*) AS n FROM (SELECT 1 FROM jobs
       WHERE state = 'queued' AND session IS NULL AND backend = ? AND instance = ? AND seq < ? LIMIT ?)`,
    ...[backend, instance, seq, most],
  );
  const inSessions = await count(
    sql,
    `SELECT COALESCE(SUM(queued_jobs), 0) AS n FROM (SELECT queued_jobs FROM sessions
     WHERE head_seq IS NOT NULL AND state IN ('open', 'inactive') AND backend = ? AND instance = ? AND head_seq < ?
       AND ${withoutReservation} LIMIT ?)`,
    ...[backend, instance, seq, most],
  );
  return alone + inSessions;
}

async function generalQueue(sql: Sql, backend: string): Promise<InstanceQueue[]> {
  const rows = await sql.all<{ instance: string; queued: number }>(
    `SELECT instance, SUM(queued) AS queued FROM (
       SELECT instance, COUNT(*) AS queued FROM jobs
       WHERE state = 'queued' AND session IS NULL AND backend = ? GROUP BY instance
       UNION ALL
       SELECT instance, SUM(queued_jobs) FROM sessions
       WHERE head_seq IS NOT NULL AND state IN ('open', 'inactive') AND backend = ? AND ${withoutReservation}
       GROUP BY instance
     ) GROUP BY instance`,
    backend,
    backend,
  );
  return rows.map(({ instance, queued }) => ({ instance, queued: Number(queued) }));
}

async function instances(
  sql: Sql,
  queues: readonly InstanceQueue[],
  { job, at, fairShareWindow }: { job: Job; at: Millis; fairShareWindow: Millis },
  before: (instance: string, most: number) => Promise<number>,
): Promise<WaitingView['instances']> {
  const views = [];
  for (const { instance: id, queued } of queues) {
    const row = await sql.one<{ name: string; shares: number; budget: number | null }>(
      'SELECT name, shares, budget FROM instances WHERE id = ?',
      id,
    );
    if (row === null) continue;
    const { name, shares, budget } = row;
    const charged = await readCharged(sql, id, at - fairShareWindow, at);
    const blocked = budget !== null && isUsedUp({ budget: Number(budget), charged });
    views.push({ id, name, shares, blocked, queued, charged, earlier: 0 });
  }
  const ownInstance = views.find(({ id }) => id === job.instance);
  let remaining = maxCounted;
  for (const other of views) {
    if (ownInstance === undefined || other === ownInstance || remaining <= 0 || !isTied(other, ownInstance))
      continue;
    other.earlier = await before(other.id, remaining);
    remaining -= other.earlier;
  }
  return views;
}
