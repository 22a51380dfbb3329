import type { LedgerEntry } from '../../kernel/usage/usage.js';
import type {
  LedgerFilter,
  LedgerGroup,
  LedgerPage,
  LedgerSum,
  LedgerSums,
  Tx,
} from '../../scheduler/ports.js';
import type { LedgerRow } from './entities/rows.js';
import { toLedgerEntry } from './mapping.js';
import { insertInto, quoted, type Sql, type Value } from './sql.js';

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

/** Returns entries that overlap the requested time, oldest first. */
export async function listLedger(
  sql: Sql,
  filter: LedgerFilter,
  { after, limit }: LedgerPage = {},
): Promise<(LedgerEntry & { id: number })[]> {
  const { where, values } = conditions(filter);
  const rows = await sql.all<LedgerRow>(
    `SELECT * FROM ledger WHERE id > ? AND ${where} ORDER BY id LIMIT ?`,
    ...[after ?? 0, ...values, limit ?? -1],
  );
  return rows.map(toLedgerEntry);
}

/** The most groups in a summary, which is for people and not an export. The smallest are left off and counted. */
const maxGroups = 1000;

/** Sums the entries that overlap the requested time, clipped to it, in total and by group. */
export async function sumLedger(
  sql: Sql,
  filter: LedgerFilter,
  by: readonly LedgerGroup[],
): Promise<LedgerSums> {
  const { where, values } = conditions(filter);
  const sums = `COALESCE(SUM(MIN("to", ?) - MAX("from", ?)), 0) AS charged, COUNT(*) AS entries`;
  const inside = [filter.to ?? Number.MAX_SAFE_INTEGER, filter.from ?? 0];
  const total = await sql.one<LedgerSum>(
    `SELECT ${sums} FROM ledger WHERE ${where}`,
    ...[...inside, ...values],
  );
  const columns = quoted([...new Set(by)]);
  const groups =
    by.length === 0
      ? []
      : await sql.all<LedgerSums['groups'][number]>(
          `SELECT ${columns}, ${sums} FROM ledger WHERE ${where}
           GROUP BY ${columns} ORDER BY charged DESC, ${columns} LIMIT ${maxGroups}`,
          ...[...inside, ...values],
        );
  const groupCount =
    groups.length < maxGroups
      ? null
      : await sql.one<{ groups: number }>(
          `SELECT COUNT(*) AS groups FROM (SELECT 1 FROM ledger WHERE ${where} GROUP BY ${columns})`,
          ...values,
        );
  const numbers = ({ charged, entries }: LedgerSum) => ({
    charged: Number(charged),
    entries: Number(entries),
  });
  return {
    ...numbers(total ?? { charged: 0, entries: 0 }),
    groups: groups.map((group) => ({ ...group, ...numbers(group) })),
    groupsLeftOff: groupCount === null ? 0 : Number(groupCount.groups) - groups.length,
  };
}

function conditions(filter: LedgerFilter): { where: string; values: Value[] } {
  const optionalConditions: readonly (readonly [string, Value | undefined])[] = [
    ['instance = ?', filter.instance],
    ['backend = ?', filter.backend],
    ['"user" = ?', filter.user],
    ['"to" > ?', filter.from],
    ['"from" < ?', filter.to],
  ];
  const activeConditions = optionalConditions.filter(
    (each): each is [string, Value] => each[1] !== undefined,
  );
  return {
    where: ['1 = 1', ...activeConditions.map(([condition]) => condition)].join(' AND '),
    values: activeConditions.map(([, value]) => value),
  };
}
