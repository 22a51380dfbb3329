import type { LedgerEntry } from '../kernel/usage/usage.js';
import type { LedgerFilter, Tx } from '../scheduler/ports.js';
import type { LedgerRow } from './entities/rows.js';
import { toLedgerEntry } from './mapping.js';
import { insertInto, type Sql, type Value } from './sql.js';

export const ledgerStore = (sql: Sql): Tx['ledger'] => ({
  async append(entries) {
    for (const { kind, backend, slot, instance, user, session, job, from, to } of entries) {
      const [{ charged } = { charged: 0 }] = await sql.all<{ charged: number }>(
        'UPDATE instances SET charged = charged + ? WHERE id = ? RETURNING charged',
        to - from,
        instance,
      );
      const row = { kind, backend, slot, instance, user, session, job, from, to, total: Number(charged) };
      await sql.run(insertInto('ledger', Object.keys(row)), ...Object.values(row));
    }
  },
});

/** Entries that overlap the asked time, oldest first. */
export async function listLedger(sql: Sql, filter: LedgerFilter): Promise<(LedgerEntry & { id: number })[]> {
  const where: string[] = ['1 = 1'];
  const values: Value[] = [];
  const and = (condition: string, value: Value) => {
    where.push(condition);
    values.push(value);
  };
  if (filter.instance !== undefined) and('instance = ?', filter.instance);
  if (filter.backend !== undefined) and('backend = ?', filter.backend);
  if (filter.user !== undefined) and('"user" = ?', filter.user);
  if (filter.from !== undefined) and('"to" > ?', filter.from);
  if (filter.to !== undefined) and('"from" < ?', filter.to);
  const rows = await sql.all<LedgerRow>(
    `SELECT * FROM ledger WHERE ${where.join(' AND ')} ORDER BY id`,
    ...values,
  );
  return rows.map(toLedgerEntry);
}
