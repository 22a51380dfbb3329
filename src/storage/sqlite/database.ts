import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { DataSource, type MigrationInterface } from 'typeorm';
import { Checkpointer } from './checkpointer.js';
import { rows } from './entities/rows.js';
import { First1795219200000 } from './migrations/0001-first.js';
import { Finished1795305600000 } from './migrations/0002-finished.js';
import { HeardAt1795478400001 } from './migrations/0004-heard-at.js';
import { FewerTrees1795737600000 } from './migrations/0005-fewer-trees.js';
import { Sharing1796083200000 } from './migrations/0006-sharing.js';
import { DueKinds1796342400000 } from './migrations/0009-due-kinds.js';
import { makePrivateFile } from '../private-folder.js';
import { LongTexts1796169600000 } from './migrations/0007-long-texts.js';
import { Codes1796256000000 } from './migrations/0008-codes.js';
import { SqliteStore } from './sqlite.store.js';

export interface Database {
  readonly store: SqliteStore;
  /** Waits until all writes have finished, and closes both connections. */
  close(): Promise<void>;
}

/** Tables that a dialect keeps in the same database, with their migrations. */
export interface Tables {
  readonly entities: readonly (new () => object)[];
  readonly migrations: readonly (new () => MigrationInterface)[];
}

const options = (database: string, others: readonly Tables[]) => ({
  type: 'better-sqlite3' as const,
  database,
  entities: [...rows, ...others.flatMap(({ entities }) => entities)],
  // TypeORM sorts them by the timestamps in their names.
  migrations: [
    First1795219200000,
    Finished1795305600000,
    HeardAt1795478400001,
    FewerTrees1795737600000,
    Sharing1796083200000,
    LongTexts1796169600000,
    Codes1796256000000,
    DueKinds1796342400000,
    ...others.flatMap(({ migrations }) => migrations),
  ],
  synchronize: false,
});

/** Opens the database file in `folder`; creates or migrates it if necessary. */
export async function openSqlite(folder: string, others: readonly Tables[] = []): Promise<Database> {
  const file = join(folder, 'stint.sqlite');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    makePrivateFile(file);
  } catch (error) {
    throw unusableError(file, error);
  }
  const writer = new DataSource({
    ...options(file, others),
    enableWAL: true,
    prepareDatabase: (db: BetterSqlite3.Database) => {
      // Flush every commit, so that an accepted job survives a power cut.
      db.pragma('synchronous = FULL');
      db.pragma('busy_timeout = 5000');
      db.pragma('journal_size_limit = 67108864');
      // Checkpoint every 16 MB instead of 4: the same few pages are written again and again, and so are copied less
      // often.
      db.pragma('wal_autocheckpoint = 4096');
      // Keep a savepoint's rollback data in memory: in a file it would cost dozens of writes for each submit.
      db.pragma('temp_store = MEMORY');
    },
  });
  try {
    await writer.initialize();
    await writer.runMigrations({ transaction: 'each' });
  } catch (error) {
    if (writer.isInitialized) await writer.destroy();
    throw unusableError(file, error);
  }
  const reader = new DataSource({
    // No entities, because only plain statements run here: loading the definitions again would slow every start.
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

/** Adds the file and a remedy, because SQLite's message contains neither. */
function unusableError(file: string, error: unknown): Error {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const remedy = /^SQLITE_(NOTADB|CORRUPT)/.test(code)
    ? 'Put a backup in its place'
    : 'See that this user may write it and that the disk has room';
  return new Error(
    `The database ${file} cannot be used: ${message}. ${remedy}, or choose another folder with STINT_DATA.`,
    { cause: error },
  );
}

/** For the script that compares the migrations with the definitions in `entities/`. */
export const schemaSource = (file: string, others: readonly Tables[]): DataSource =>
  new DataSource(options(file, others));
