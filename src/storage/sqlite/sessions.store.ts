import type { Session } from '../../kernel/session/session.js';
import type { SessionFilter, Tx } from '../../scheduler/ports.js';
import type { SessionRow } from './entities/rows.js';
import { fromSession, toSession } from './mapping.js';
import { insertInto, updateById, type Sql, type Value } from './sql.js';

export function sessionsStore(sql: Sql): Tx['sessions'] {
  return {
    find: (id) => findSession(sql, id),
    async insert(session, due) {
      const row = fromSession(session, due);
      await sql.run(insertInto('sessions', Object.keys(row)), ...Object.values(row));
    },
    async save(session, due) {
      const { id, ...row } = fromSession(session, due);
      await sql.run(updateById('sessions', Object.keys(row), 'id'), ...Object.values(row), id);
    },
    async nextActivation() {
      const row = await sql.one<{ last: number | null }>(
        'SELECT MAX(activation) AS last FROM sessions WHERE activation IS NOT NULL',
      );
      return Number(row?.last ?? 0) + 1;
    },
    async holding() {
      return (await sql.all<SessionRow>('SELECT * FROM sessions WHERE slot IS NOT NULL ORDER BY id')).map(
        toSession,
      );
    },
    async notClosedOf(instance) {
      const rows = await sql.all<SessionRow>(
        "SELECT * FROM sessions WHERE instance = ? AND state <> 'closed' ORDER BY created_at, id",
        instance,
      );
      return rows.map(toSession);
    },
  };
}

export async function findSession(sql: Sql, id: string): Promise<Session | null> {
  const row = await sql.one<SessionRow>('SELECT * FROM sessions WHERE id = ?', id);
  return row === null ? null : toSession(row);
}

/** Returns sessions newest first. The next page starts after the last id of this one. */
export async function listSessions(sql: Sql, filter: SessionFilter): Promise<Session[]> {
  const where: string[] = [];
  const values: Value[] = [];
  const and = (condition: string, ...more: Value[]) => {
    where.push(condition);
    values.push(...more);
  };
  if (filter.instance !== undefined) and('instance = ?', filter.instance);
  if (filter.backend !== undefined) and('backend = ?', filter.backend);
  if (filter.user !== undefined) and('"user" = ?', filter.user);
  if (filter.mode !== undefined) and('mode = ?', filter.mode);
  if (filter.states !== undefined)
    and(`state IN (${filter.states.map(() => '?').join(', ')})`, ...filter.states);
  if (filter.after !== undefined) {
    and('(created_at, id) < (SELECT created_at, id FROM sessions WHERE id = ?)', filter.after);
  }
  const condition = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`;
  const rows = await sql.all<SessionRow>(
    `SELECT * FROM sessions ${condition} ORDER BY created_at DESC, id DESC LIMIT ?`,
    ...values,
    filter.limit,
  );
  return rows.map(toSession);
}
