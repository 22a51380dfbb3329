import { afterEach } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqlite, type Database } from '../../src/storage/sqlite/database.js';
import { tables } from './dialects.js';

export * from './stored.js';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export async function givenFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'stint-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Creates a database file for the current test, and closes and deletes it afterwards. */
export async function givenDatabase(folder?: string): Promise<Database> {
  const database = await openSqlite(folder ?? (await givenFolder()), tables);
  cleanups.push(() => database.close());
  return database;
}
