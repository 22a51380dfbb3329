import type { BackendStatus } from '../../kernel/backend/backend.js';
import type {
  InstanceView,
  QueuedJob,
  SessionView,
  SlotView,
  Snapshot,
} from '../../kernel/choice/snapshot.js';
import type { SessionMode, SessionState } from '../../kernel/session/session.js';
import { accruedBy } from '../../kernel/usage/accrual.js';
import { isUsedUp } from '../../kernel/usage/budget.js';
import type { Millis } from '../../kernel/time.js';
import type { Sql } from './sql.js';

/**
 * Reads what the choice needs to know of one backend. Every statement follows an index in scheduling order and reads no
 * more rows than there are free lanes, so the cost does not grow with the queue.
 */
export async function readSnapshot(
  sql: Sql,
  name: string,
  at: Millis,
  fairShareWindow: Millis,
): Promise<Snapshot | null> {
  const backend = await sql.one<{ status: string; slots: number; lanes: number; queued_jobs: number }>(
    'SELECT status, slots, lanes, queued_jobs FROM backends WHERE name = ?',
    name,
  );
  if (backend === null) return null;
  const slots = await readSlots(sql, name, backend.slots);
  // A slot may run more jobs than it has lanes, after an operator reduced the lanes.
  const free = slots.reduce((sum, slot) => sum + Math.max(0, backend.lanes - slot.running), 0);
  const backendView = { name, status: backend.status as BackendStatus, lanes: backend.lanes };
  const sessions = new Map<string, SessionView>();
  const empty = { backend: backendView, slots, sessions, batches: [], instances: [] };
  if (backend.queued_jobs === 0) return empty;
  for (const id of slots.flatMap(({ holder, reservedFor }) => [holder, reservedFor])) {
    if (id !== null) await readSession(sql, id, Math.max(free, 1), sessions);
  }
  // A reservation for a session with nothing queued has ended, so the general queue may use the slot.
  const isReserved = (id: string | null) => id !== null && (sessions.get(id)?.queue.length ?? 0) > 0;
  const hasOpenSlot = slots.some(
    (s) => s.holder === null && !isReserved(s.reservedFor) && s.running < backend.lanes,
  );
  if (!hasOpenSlot) return empty;

  const batches = (
    await sql.all<{ id: string }>(
      `SELECT id FROM sessions WHERE head_seq IS NOT NULL AND state = 'active' AND mode = 'batch' AND backend = ?
       ORDER BY activation LIMIT ?`,
      name,
      free,
    )
  ).map(({ id }) => id);
  for (const id of batches) await readSession(sql, id, free, sessions);

  const instances: InstanceView[] = [];
  for (const id of await instancesWaiting(sql, name)) {
    instances.push(
      await readInstance(
        sql,
        { backend: name, id, most: free + slots.length, at, fairShareWindow },
        sessions,
        free,
      ),
    );
  }
  return { backend: backendView, slots, sessions, batches, instances };
}

/** One statement instead of three, because every change of a backend runs it. */
const slotsStatement = `
  SELECT 'running' AS what, slot, COUNT(*) AS n, NULL AS id FROM jobs
    WHERE state = 'running' AND backend = ? GROUP BY slot
  UNION ALL
  SELECT 'held', slot, NULL, id FROM sessions WHERE slot IS NOT NULL AND backend = ?
  UNION ALL
  SELECT 'promised', slot, NULL, reserved_for FROM slots WHERE backend = ? AND reserved_for IS NOT NULL`;

/**
 * Reads each slot with the number of its running jobs, its holder and its reservation. Includes a slot that an operator
 * has removed while a session still holds it.
 */
export async function readSlots(sql: Sql, backend: string, count: number): Promise<SlotView[]> {
  const rows = await sql.all<{ what: string; slot: number; n: number; id: string }>(
    slotsStatement,
    ...[backend, backend, backend],
  );
  const of = (what: string) => rows.filter((row) => row.what === what);
  const running = of('running');
  const holders = of('held');
  const reserved = of('promised');
  const removed = holders.map(({ slot }) => slot).filter((slot) => slot >= count);
  const all = [...Array.from({ length: count }, (_, slot) => slot), ...removed.sort((a, b) => a - b)];
  return all.map((index) => ({
    index,
    running: Number(running.find(({ slot }) => slot === index)?.n ?? 0),
    holder: holders.find(({ slot }) => slot === index)?.id ?? null,
    reservedFor: reserved.find(({ slot }) => slot === index)?.id ?? null,
  }));
}

async function readSession(
  sql: Sql,
  id: string,
  most: number,
  into: Map<string, SessionView>,
): Promise<void> {
  if (into.has(id)) return;
  const row = await sql.one<{ mode: string; state: string }>(
    'SELECT mode, state FROM sessions WHERE id = ?',
    id,
  );
  if (row === null) return;
  const queue = await sql.all<QueuedJob>(
    "SELECT id, seq FROM jobs WHERE state = 'queued' AND session = ? ORDER BY seq LIMIT ?",
    id,
    most,
  );
  into.set(id, { id, mode: row.mode as SessionMode, state: row.state as SessionState, queue });
}

/**
 * Returns the instances with work in the general queue. Skips along the index from instance to instance, with no scan.
 */
export async function instancesWaiting(sql: Sql, backend: string): Promise<string[]> {
  const hop = (table: string, where: string) => `
    WITH RECURSIVE hop(instance) AS (
      SELECT MIN(instance) FROM ${table} WHERE ${where} AND backend = ?
      UNION ALL
      SELECT (SELECT MIN(t.instance) FROM ${table} t WHERE ${where} AND t.backend = ? AND t.instance > hop.instance)
      FROM hop WHERE hop.instance IS NOT NULL
    ) SELECT instance FROM hop WHERE instance IS NOT NULL`;
  const alone = await sql.all<{ instance: string }>(
    hop('jobs', "state = 'queued' AND session IS NULL"),
    backend,
    backend,
  );
  const sessions = await sql.all<{ instance: string }>(
    hop('sessions', "head_seq IS NOT NULL AND state IN ('open', 'inactive')"),
    backend,
    backend,
  );
  return [...new Set([...alone, ...sessions].map(({ instance }) => instance))].sort();
}

async function readInstance(
  sql: Sql,
  request: { backend: string; id: string; most: number; at: Millis; fairShareWindow: Millis },
  sessions: Map<string, SessionView>,
  free: number,
): Promise<InstanceView> {
  const alone = await sql.all<QueuedJob>(
    "SELECT id, seq FROM jobs WHERE state = 'queued' AND session IS NULL AND backend = ? AND instance = ? ORDER BY seq LIMIT ?",
    request.backend,
    request.id,
    request.most,
  );
  const heads = await sql.all<{ session: string; seq: number }>(
    `SELECT id AS session, head_seq AS seq FROM sessions
     WHERE head_seq IS NOT NULL AND state IN ('open', 'inactive') AND backend = ? AND instance = ?
     ORDER BY head_seq LIMIT ?`,
    request.backend,
    request.id,
    request.most,
  );
  const entries = [
    ...alone.map((job) => ({ seq: Number(job.seq), entry: { job } })),
    ...heads.map(({ session, seq }) => ({ seq: Number(seq), entry: { session, seq: Number(seq) } })),
  ].sort((a, b) => a.seq - b.seq);
  const waiting = entries.slice(0, request.most).map(({ entry }) => entry);
  for (const entry of waiting) if ('session' in entry) await readSession(sql, entry.session, free, sessions);
  const row = await sql.one<{ shares: number; budget: number | null }>(
    'SELECT shares, budget FROM instances WHERE id = ?',
    request.id,
  );
  const charged = await readCharged(sql, request.id, request.at - request.fairShareWindow, request.at);
  return {
    id: request.id,
    shares: row?.shares ?? 1,
    blocked: row !== null && row.budget !== null && isUsedUp({ budget: Number(row.budget), charged }),
    charged,
    waiting,
  };
}

/**
 * Returns what an instance was charged by entries that ended after `from`, plus what accrues until `at` for running
 * lone and batch jobs and held slots. The running totals make this two index look-ups, however long the ledger is.
 */
export const readCharged = async (sql: Sql, instance: string, from: Millis, at: Millis): Promise<Millis> =>
  (await readAccrual(sql, instance, from, at)).charged;

/** As {@link readCharged}, with the number of things that accrue now. */
export async function readAccrual(
  sql: Sql,
  instance: string,
  from: Millis,
  at: Millis,
): Promise<{ charged: Millis; rate: number }> {
  const row = await sql.one<{
    sum: number;
    before: number | null;
    jobs: number;
    starts: number;
    holds: number;
    since: number;
  }>(
    `SELECT i.charged AS sum,
       (SELECT total FROM ledger WHERE instance = i.id AND "to" <= ? ORDER BY "to" DESC, id DESC LIMIT 1) AS before,
       (SELECT COUNT(*) FROM jobs WHERE state = 'running' AND mode <> 'dedicated' AND instance = i.id) AS jobs,
       (SELECT COALESCE(SUM(started_at), 0) FROM jobs WHERE state = 'running' AND mode <> 'dedicated' AND instance = i.id) AS starts,
       (SELECT COUNT(*) FROM sessions WHERE slot IS NOT NULL AND held_since IS NOT NULL AND instance = i.id) AS holds,
       (SELECT COALESCE(SUM(held_since), 0) FROM sessions WHERE slot IS NOT NULL AND instance = i.id) AS since
     FROM instances i WHERE i.id = ?`,
    from,
    instance,
  );
  if (row === null) return { charged: 0, rate: 0 };
  const rate = Number(row.jobs) + Number(row.holds);
  const accruing = accruedBy({ count: rate, starts: Number(row.starts) + Number(row.since) }, at);
  return { charged: Number(row.sum) - Number(row.before ?? 0) + accruing, rate };
}
