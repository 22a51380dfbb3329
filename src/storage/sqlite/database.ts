import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { DataSource } from 'typeorm';
import { Checkpointer } from './checkpointer.js';
import { livyRows } from './entities/livy.rows.js';
import { nexosisRows } from './entities/nexosis.rows.js';
import { rows } from './entities/rows.js';
import { First1795219200000 } from './migrations/0001-first.js';
import { Finished1795305600000 } from './migrations/0002-finished.js';
import { Nexosis1795392000000 } from './migrations/0003-nexosis.js';
import { Livy1795478400000 } from './migrations/0004-livy.js';
import { FewerTrees1795737600000 } from './migrations/0005-fewer-trees.js';
import { Sharing1796083200000 } from './migrations/0006-sharing.js';
import { DueKinds1796342400000 } from './migrations/0009-due-kinds.js';
import { makePrivateFile } from '../private-folder.js';
import { LongTexts1796169600000 } from './migrations/0007-long-texts.js';
import { Codes1796256000000 } from './migrations/0008-codes.js';
import { SqliteStore } from './sqlite.store.js';

export interface Database {
  readonly store: SqliteStore;
  /** Waits for writes to finish and closes both connections. */
  close(): Promise<void>;
}

const options = (database: string) => ({
  type: 'better-sqlite3' as const,
  database,
  entities: [...rows, ...nexosisRows, ...livyRows],
  migrations: [
    First1795219200000,
    Finished1795305600000,
    Nexosis1795392000000,
    Livy1795478400000,
    FewerTrees1795737600000,
    Sharing1796083200000,
    LongTexts1796169600000,
    Codes1796256000000,
    DueKinds1796342400000,
  ],
  synchronize: false,
});

/** Opens (and where needed creates or migrates) the database file in `folder`. */
export async function openSqlite(folder: string): Promise<Database> {
  const file = join(folder, 'stint.sqlite');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    makePrivateFile(file);
  } catch (error) {
    throw unusable(file, error);
  }
  const writer = new DataSource({
    ...options(file),
    enableWAL: true,
    prepareDatabase: (db: BetterSqlite3.Database) => {
      // An accepted job survives a power cut, so every commit is flushed.
      db.pragma('synchronous = FULL');
      db.pragma('busy_timeout = 5000');
      db.pragma('journal_size_limit = 67108864');
      // 16 MB instead of 4 between two checkpoints: the same few pages are written over and over, and copied back less often.
      db.pragma('wal_autocheckpoint = 4096');
      // What a savepoint would have to put back is kept in memory: in a file it costs dozens of writes for each submit.
      db.pragma('temp_store = MEMORY');
    },
  });
  try {
    await writer.initialize();
    await writer.runMigrations({ transaction: 'each' });
  } catch (error) {
    if (writer.isInitialized) await writer.destroy();
    throw unusable(file, error);
  }
  const reader = new DataSource({
    // Plain statements only: reading the definitions again would make every start slower.
    type: 'better-sqlite3',
    database: file,
    prepareDatabase: (db: BetterSqlite3.Database) => {
      db.pragma('query_only = ON');
      db.pragma('busy_timeout = 5000');
    },
  });
  await reader.initialize();
  const checkpointer = new Checkpointer(file);
  const store = new SqliteStore(writer, reader, checkpointer);
  return {
    store,
    async close() {
      await store.idle();
      await checkpointer.close();
      await reader.destroy();
      await writer.destroy();
    },
  };
}

/** SQLite names neither the file nor what to do about it. */
function unusable(file: string, error: unknown): Error {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const remedy = /^SQLITE_(NOTADB|CORRUPT)/.test(code)
    ? 'Put a backup in its place'
    : 'See that this user may write it and that the disk has room';
  return new Error(
    `The database ${file} cannot be used: ${message}. ${remedy}, or choose another folder with STINT_DATA.`,
    { cause: error },
  );
}

/** What `npm run migrations` compares with the migrations: the definitions in `entities/`. */
export const schemaSource = (file: string): DataSource => new DataSource(options(file));
