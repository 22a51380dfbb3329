import { describe, expect, it } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { givenDatabase, givenFolder } from '../../test/support/store.js';
import { schemaSource } from './database.js';

describe('the schema', () => {
  it('that the migrations make is the one that the entities describe', async () => {
    const folder = await givenFolder();
    await givenDatabase(folder);
    const entities = schemaSource(join(folder, 'stint.sqlite'));
    await entities.initialize();
    try {
      const { upQueries } = await entities.driver.createSchemaBuilder().log();
      expect(upQueries.map(({ query }) => query)).toEqual([]);
    } finally {
      await entities.destroy();
    }
  });

  it('is made once: a database that exists is opened as it is', async () => {
    const folder = await givenFolder();
    const first = await givenDatabase(folder);
    await first.store.write((tx) => tx.facts.set('signing_key', 'kept'));
    const second = await givenDatabase(folder);
    expect(await second.store.write((tx) => tx.facts.get('signing_key'))).toBe('kept');
    expect(await readdir(folder)).toContain('stint.sqlite');
  });
});
