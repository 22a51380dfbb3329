import type { Query } from '../../scheduler/query.ports.js';
import type { EventRow, JobRow, SessionRow } from './entities/rows.js';
import { toEvent } from './events.store.js';
import { textOfRow } from './long-texts.store.js';
import { toJob, toSession } from './mapping.js';
import type { Sql } from './sql.js';

/** Returns the dialects' query port on one connection. `noteWrite` receives the number of bytes of large writes. */
export const queryOf = (sql: Sql, noteWrite: (bytes: number) => void = () => undefined): Query => ({
  all: (statement, ...values) => sql.all(statement, ...values),
  one: (statement, ...values) => sql.one(statement, ...values),
  run: (statement, ...values) => sql.run(statement, ...values),
  rows: {
    job: (row) => toJob(row as JobRow),
    session: (row) => toSession(row as SessionRow),
    event: (row) => toEvent(row as EventRow),
  },
  text: (body, kind, seq) => textOfRow(sql, body, kind, seq),
  noteWrite,
  sql: {
    member: (column, name) => `${column} ->> '${name}'`,
    contains: (text) => `instr(${text}, ?) > 0`,
  },
});
