import { describe, expect, it } from '@jest/globals';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { givenFolder } from '../../test/support/store.js';
import { lockFolder } from './folder-lock.js';

describe('the error for a data folder that cannot be locked has its path, the reason and a remedy:', () => {
  it.each([
    ['a file', 'data', 'it is a file'],
    ['below a file', 'data/deeper', 'a part of its path is a file'],
  ])('%s', async (_, path, why) => {
    const folder = await givenFolder();
    await writeFile(join(folder, 'data'), '');
    expect(() => lockFolder(join(folder, path))).toThrow(
      `The data folder ${join(folder, path)} cannot be used: ${why}. Fix that, or choose another folder with STINT_DATA.`,
    );
  });

  it('the lock file is a folder', async () => {
    const folder = await givenFolder();
    await mkdir(join(folder, 'stint.lock'));
    expect(() => lockFolder(folder)).toThrow(
      `${folder}/stint.lock cannot be locked: unable to open database file. Remove it while no Stint runs`,
    );
  });

  it('another service has locked it', async () => {
    const folder = await givenFolder();
    const unlock = lockFolder(folder);
    expect(() => lockFolder(folder)).toThrow(`${folder} is in use by another Stint`);
    unlock();
    lockFolder(folder)();
  });
});
