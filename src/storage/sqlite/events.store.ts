import type { EventFilter, EventRecord, EventType, Tx } from '../../scheduler/ports.js';
import type { EventRow } from './entities/rows.js';
import { insertInto, quoted, type Sql, type Value } from './sql.js';

/** Stored in the columns for backend and instance, which are never null, if there is none. */
const noName = '';

const columns = ['type', 'at', 'processed_at', 'actor', 'cause', 'backend', 'instance', 'session', 'job'];
const insertEvent = insertInto('events', columns);

export const eventsStore = (sql: Sql): Tx['events'] => ({
  append: (e) =>
    sql.run(
      insertEvent,
      ...[e.type, e.at, e.processedAt, e.actor, e.cause],
      ...[e.backend ?? noName, e.instance ?? noName, e.session, e.job],
    ),
  appendForQueuedOf: (session, e) =>
    sql.run(
      `INSERT INTO events (${quoted(columns)}) SELECT ?, ?, ?, ?, ?, ?, ?, ?, id FROM jobs
       WHERE state = 'queued' AND session = ? ORDER BY seq`,
      ...[e.type, e.at, e.processedAt, e.actor, e.cause],
      ...[e.backend ?? noName, e.instance ?? noName, e.session, session],
    ),
});

export async function listEvents(sql: Sql, filter: EventFilter): Promise<EventRecord[]> {
  const where = ['id > ?'];
  const values: Value[] = [filter.after];
  if (filter.session !== undefined) {
    where.push('session IS NOT NULL AND session = ?');
    values.push(filter.session);
  }
  const { instance, limit } = filter;
  const select = (more: string) =>
    `SELECT * FROM events WHERE ${[...where, more].join(' AND ')} ORDER BY id LIMIT ?`;
  // Two index walks, each in order: one statement with OR would sort all events since `after` for each page.
  const rows =
    instance === undefined
      ? await sql.all<EventRow>(select('TRUE'), ...values, limit)
      : await sql.all<EventRow>(
          `SELECT * FROM (${select('instance = ?')})
           UNION ALL SELECT * FROM (${select('instance = ?')}) ORDER BY id LIMIT ?`,
          ...[...values, instance, limit],
          ...[...values, noName, limit],
          limit,
        );
  return rows.map(toEvent);
}

export const toEvent = (row: EventRow): EventRecord => ({
  id: Number(row.id),
  type: row.type as EventType,
  at: Number(row.at),
  processedAt: Number(row.processed_at),
  actor: row.actor,
  cause: row.cause,
  backend: row.backend === noName ? null : row.backend,
  instance: row.instance === noName ? null : row.instance,
  session: row.session,
  job: row.job,
});

export async function lastEvent(sql: Sql): Promise<number> {
  const row = await sql.one<{ id: number | null }>('SELECT MAX(id) AS id FROM events');
  return Number(row?.id ?? 0);
}
