import Sqlite from 'better-sqlite3';
import { join } from 'node:path';

/** Opens the database of the running service. */
export const openDatabase = (folder, options = {}) =>
  new Sqlite(join(folder, 'data', 'stint.sqlite'), options);

/**
 * Copies one row `count` times. `changed` has SQL for the columns that differ, where `n` counts from 1. This takes
 * seconds; the same rows through the API would take minutes.
 */
export function multiply(db, table, where, count, changed) {
  const columns = db.pragma(`table_info(${table})`).map(({ name }) => name);
  const copied = columns.filter((name) => changed[name] !== null);
  const list = copied.map((name) => `"${name}"`).join(', ');
  const values = copied.map((name) => changed[name] ?? `t."${name}"`).join(', ');
  db.exec(`
    INSERT INTO ${table} (${list})
    WITH RECURSIVE counter(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < ${count})
    SELECT ${values} FROM counter, (SELECT * FROM ${table} WHERE ${where} LIMIT 1) t ORDER BY n`);
}
