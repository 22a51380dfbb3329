import type { Millis } from '../../kernel/time.js';
import type { Tx } from '../../scheduler/ports.js';
import type { BackendRow, InstanceRow, TokenRow } from './entities/rows.js';
import { fromBackend, fromInstance, fromToken, toBackend, toInstance, toToken } from './mapping.js';
import { readAccrual } from './snapshot.query.js';
import { insertInto, updateById, type Sql } from './sql.js';

export const backendsStore = (sql: Sql): Tx['backends'] => ({
  async find(name) {
    const row = await sql.one<BackendRow>('SELECT * FROM backends WHERE name = ?', name);
    return row === null ? null : toBackend(row);
  },
  names: async () =>
    (await sql.all<{ name: string }>('SELECT name FROM backends ORDER BY name')).map(({ name }) => name),
  async insert(backend) {
    const row = { ...fromBackend(backend), queued_jobs: 0 };
    await sql.run(insertInto('backends', Object.keys(row)), ...Object.values(row));
  },
  async save(backend) {
    const { name, ...row } = fromBackend(backend);
    await sql.run(updateById('backends', Object.keys(row), 'name'), ...Object.values(row), name);
  },
  isInUse: async (name) =>
    (await sql.one(
      `SELECT 1 FROM backends WHERE name = ? AND (
         queued_jobs > 0 OR EXISTS (SELECT 1 FROM jobs WHERE state = 'running' AND backend = name)
         OR EXISTS (SELECT 1 FROM sessions WHERE state <> 'closed' AND backend = name))`,
      name,
    )) !== null,
  async remove(name) {
    await sql.run('DELETE FROM slots WHERE backend = ?', name);
    await sql.run('DELETE FROM backends WHERE name = ?', name);
  },
  countQueued: (name, change) =>
    sql.run('UPDATE backends SET queued_jobs = queued_jobs + ? WHERE name = ?', change, name),
  async reserve(name, reservations) {
    for (const { slot, session } of reservations) {
      await sql.run(
        `${insertInto('slots', ['backend', 'slot', 'reserved_for'])}
         ON CONFLICT (backend, slot) DO UPDATE SET reserved_for = excluded.reserved_for`,
        name,
        slot,
        session,
      );
    }
  },
});

export const instancesStore = (sql: Sql): Tx['instances'] => ({
  async find(id) {
    const row = await sql.one<InstanceRow>('SELECT * FROM instances WHERE id = ?', id);
    return row === null ? null : toInstance(row);
  },
  async findByName(name) {
    const row = await sql.one<InstanceRow>('SELECT * FROM instances WHERE name = ?', name);
    return row === null ? null : toInstance(row);
  },
  async insert(instance) {
    const row = fromInstance(instance);
    await sql.run(insertInto('instances', Object.keys(row)), ...Object.values(row));
  },
  async save(instance) {
    const { shares, budget, plan, sharing } = fromInstance(instance);
    const columns = { shares, budget, plan, sharing };
    await sql.run(
      updateById('instances', Object.keys(columns), 'id'),
      ...Object.values(columns),
      instance.id,
    );
  },
  async budget(id, at, fairShareWindow) {
    const row = await sql.one<{ budget: number }>(
      'SELECT budget FROM instances WHERE id = ? AND budget IS NOT NULL',
      id,
    );
    if (row === null) return null;
    const first = await sql.one<{ ended: number | null }>(
      'SELECT MIN("to") AS ended FROM ledger WHERE instance = ? AND "to" > ?',
      id,
      at - fairShareWindow,
    );
    const releasedAt = first === null || first.ended === null ? null : Number(first.ended) + fairShareWindow;
    return {
      budget: Number(row.budget),
      ...(await readAccrual(sql, id, at - fairShareWindow, at)),
      releasedAt,
    };
  },
  async roomAt(id, { budget, charged }, at, fairShareWindow) {
    if (budget <= 0) return null;
    const totalAt = async (moment: Millis) =>
      Number(
        (
          await sql.one<{ total: number }>(
            'SELECT total FROM ledger WHERE instance = ? AND "to" <= ? ORDER BY "to" DESC, id DESC LIMIT 1',
            id,
            moment,
          )
        )?.total ?? 0,
      );
    // Binary search for the first moment at which enough has been charged: the running totals only grow.
    let [low, high] = [at - fairShareWindow, at];
    const threshold = (await totalAt(low)) + charged - budget;
    if ((await totalAt(high)) <= threshold) return null;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if ((await totalAt(middle)) > threshold) high = middle;
      else low = middle;
    }
    return high + fairShareWindow;
  },
  saveBudgetDeadline: (id, dueAt) => sql.run('UPDATE instances SET due_at = ? WHERE id = ?', dueAt, id),
});

export const tokensStore = (sql: Sql): Tx['tokens'] => ({
  async find(id) {
    const row = await sql.one<TokenRow>('SELECT * FROM tokens WHERE id = ?', id);
    return row === null ? null : toToken(row);
  },
  async insert(token) {
    const row = fromToken(token);
    await sql.run(insertInto('tokens', Object.keys(row)), ...Object.values(row));
  },
  revoke: (id, at) => sql.run('UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL', at, id),
});
