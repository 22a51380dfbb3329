import { afterAll, beforeAll } from '@jest/globals';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeSuite } from '../../../test/store-suite/store-suite.js';
import { tables } from '../../../test/support/dialects.js';
import { openSqlite, type Database } from './database.js';

const file = 'stint.sqlite';
const newFolder = () => mkdtemp(join(tmpdir(), 'stint-store-'));

// The tables are created once, because that takes longer than a test.
let empty = '';
beforeAll(async () => {
  empty = await newFolder();
  await (await openSqlite(empty, tables)).close();
});
afterAll(() => rm(empty, { recursive: true, force: true }));

storeSuite('SQLite', async () => {
  const folder = await newFolder();
  await copyFile(join(empty, file), join(folder, file));
  const opened: Database[] = [];
  const again = async () => {
    const database = await openSqlite(folder, tables);
    opened.push(database);
    return database.store;
  };
  return {
    store: await again(),
    again,
    async close() {
      for (const database of opened) await database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
});
