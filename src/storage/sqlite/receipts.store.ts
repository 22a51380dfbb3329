import type { Receipt, Tx } from '../../scheduler/ports.js';
import type { ReceiptRow } from './entities/rows.js';
import { insertInto, type Sql } from './sql.js';

const insertReceipt = insertInto('receipts', ['key', 'subject', 'hash', 'at']);

export const receiptsStore = (sql: Sql): Tx['receipts'] => ({
  async find(key, from) {
    const rows = await sql.all<ReceiptRow>(
      'SELECT * FROM receipts WHERE key = ? AND at >= ? ORDER BY at, subject LIMIT 100',
      key,
      from,
    );
    return rows.map((row) => ({ ...row, at: Number(row.at) }));
  },
  insert: ({ key, subject, hash, at }: Receipt) => sql.run(insertReceipt, key, subject, hash, at),
  remove: (subjects) =>
    sql.run(
      'DELETE FROM receipts WHERE subject IN (SELECT value FROM json_each(?))',
      JSON.stringify(subjects),
    ),
  removeBefore: (at) => sql.run('DELETE FROM receipts WHERE at < ?', at),
});
