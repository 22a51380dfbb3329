import { describe, expect, it } from '@jest/globals';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tables } from '../../../test/support/dialects.js';
import { givenJob } from '../../../test/support/given.js';
import { givenDatabase, givenFolder, keepJob } from '../../../test/support/store.js';
import { openSqlite, schemaSource } from './database.js';

describe('the schema', () => {
  it.each([
    ['with the tables of all dialects', tables],
    ['without any dialect', []],
  ])('made by the migrations equals the one that the entities describe, %s', async (_, others) => {
    const folder = await givenFolder();
    await (await openSqlite(folder, others)).close();
    const entities = schemaSource(join(folder, 'stint.sqlite'), others);
    await entities.initialize();
    try {
      const { upQueries } = await entities.driver.createSchemaBuilder().log();
      expect(upQueries.map(({ query }) => query)).toEqual([]);
    } finally {
      await entities.destroy();
    }
  });

  it('is created once: an existing database is opened unchanged', async () => {
    const folder = await givenFolder();
    const first = await givenDatabase(folder);
    await first.store.write((tx) => tx.facts.set('signing_key', 'kept'));
    const second = await givenDatabase(folder);
    expect(await second.store.write((tx) => tx.facts.get('signing_key'))).toBe('kept');
    expect(await readdir(folder)).toContain('stint.sqlite');
  });

  it('keeps the texts of jobs and the receipts when they move to other B-trees and back', async () => {
    const folder = await givenFolder();
    const before = await openSqlite(folder, tables);
    await before.store.write(async (tx) => {
      for (const id of ['removed', 'first', 'second']) {
        await keepJob(tx, givenJob({ id, state: 'queued' }));
        await tx.jobs.saveResult(id, `the result of ${id}`);
      }
      await tx.jobs.remove('removed');
      await tx.receipts.insert({ key: 'k', hash: 'h', subject: 'second', at: 7 });
    });
    await before.close();
    const source = schemaSource(join(folder, 'stint.sqlite'), tables);
    await source.initialize();
    // Undo the migration to fewer trees and all later ones.
    for (let at = ''; at !== 'FewerTrees1795737600000';) {
      [at = ''] = (
        await source.query<{ name: string }[]>('SELECT name FROM migrations ORDER BY id DESC LIMIT 1')
      ).map(({ name }) => name);
      await source.undoLastMigration();
    }
    const old = await source.query<unknown[]>('SELECT job, body FROM job_results ORDER BY job');
    expect(old).toEqual([
      { job: 'first', body: 'the result of first' },
      { job: 'second', body: 'the result of second' },
    ]);
    await source.destroy();

    const { store } = await givenDatabase(folder);
    expect(await store.read.result('first')).toBe('the result of first');
    expect(await store.read.result('second')).toBe('the result of second');
    expect(await store.read.params('second')).toBe('{}');
    const receipts = await store.write((tx) => tx.receipts.find('k', 0));
    expect(receipts).toEqual([{ key: 'k', hash: 'h', subject: 'second', at: 7 }]);
  });
});

describe('the error for a database that cannot be opened has its path and a remedy:', () => {
  it.each([
    [
      'one that is damaged',
      (file: string) => writeFile(file, 'no database at all'.repeat(100)),
      'file is not a database. Put a backup in its place',
    ],
    [
      'one that is a folder',
      (file: string) => mkdir(file),
      'unable to open database file. See that this user may write it and that the disk has room',
    ],
  ])('%s', async (_, spoil, why) => {
    const folder = await givenFolder();
    const file = join(folder, 'stint.sqlite');
    await spoil(file);
    await expect(openSqlite(folder)).rejects.toThrow(
      `The database ${file} cannot be used: ${why}, or choose another folder with STINT_DATA.`,
    );
  });
});
