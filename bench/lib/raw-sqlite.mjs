/**
 * The floor under durable writes: one-row transactions with `synchronous=FULL`, one after another, nothing around them.
 * `WAL` flushes once a transaction; `DELETE`, which SQLite and better-sqlite3 have where nobody asks, several times.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Sqlite from 'better-sqlite3';

export function openRaw(folder, journal = 'WAL') {
  const db = new Sqlite(join(folder, `raw-${journal}-${process.pid}.sqlite`));
  db.pragma(`journal_mode = ${journal}`);
  db.pragma('synchronous = FULL');
  db.exec('CREATE TABLE IF NOT EXISTS rows (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, body TEXT)');
  const insert = db.prepare('INSERT INTO rows (id, body) VALUES (?, ?)');
  const body = JSON.stringify({ program_id: 'scripted', params: { duration: 0 }, padding: 'x'.repeat(200) });
  return { db, insertOne: () => void insert.run(crypto.randomUUID(), body) };
}

/** Transactions a second. */
export function rawRate(folder, seconds, journal) {
  const { db, insertOne } = openRaw(folder, journal);
  const startedAt = performance.now();
  let done = 0;
  while (performance.now() - startedAt < seconds * 1000) {
    for (let i = 0; i < 20; i += 1) insertOne();
    done += 20;
  }
  const rate = (done / (performance.now() - startedAt)) * 1000;
  db.close();
  return rate;
}

// As a program of its own, so that what slows fsync down for the service can slow it down here too.
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(rawRate(process.argv[2], Number(process.argv[3]), process.argv[4]));
}
