/**
 * The baseline for durable writes: one-row transactions with `synchronous=FULL`, one after another, and nothing else.
 * `WAL` flushes once per transaction; `DELETE`, the default of SQLite and better-sqlite3, several times.
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

/** Returns transactions per second. */
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

// Runs as a separate program, so that slow-fsync.mjs slows it down like the service.
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(rawRate(process.argv[2], Number(process.argv[3]), process.argv[4]));
}
