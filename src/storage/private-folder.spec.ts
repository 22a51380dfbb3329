import { describe, expect, it } from '@jest/globals';
import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { givenFolder } from '../../test/support/store.js';
import { makePrivateFile, preparePrivateFolder } from './private-folder.js';

const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);

/** Returns a folder with one file, with these modes whatever the umask is. */
async function givenOpenFolder(mode: number, name = 'stint.sqlite'): Promise<string> {
  const folder = join(await givenFolder(), 'data');
  mkdirSync(folder);
  writeFileSync(join(folder, name), 'x');
  chmodSync(join(folder, name), 0o644);
  chmodSync(folder, mode);
  return folder;
}

describe('a data folder', () => {
  it('is created for its owner only, and so are missing parent folders', async () => {
    const above = join(await givenFolder(), 'above');
    expect(preparePrivateFolder(join(above, 'data'))).toBeNull();
    expect([modeOf(above), modeOf(join(above, 'data'))]).toEqual(['700', '700']);
  });

  it('that others may read is closed with all its contents, and one sentence reports it', async () => {
    const folder = await givenOpenFolder(0o755);
    mkdirSync(join(folder, 'models/deep'), { recursive: true });
    writeFileSync(join(folder, 'models/deep/m.skops'), '');
    chmodSync(join(folder, 'models'), 0o775);
    chmodSync(join(folder, 'models/deep'), 0o755);
    chmodSync(join(folder, 'models/deep/m.skops'), 0o640);
    expect(preparePrivateFolder(folder)).toBe(
      `The data folder ${folder} was open to other accounts of this machine. ` +
        'The modes of 5 files and folders were changed to 600 and 700.',
    );
    const paths = ['', 'stint.sqlite', 'models', 'models/deep', 'models/deep/m.skops'];
    expect(paths.map((path) => modeOf(join(folder, path)))).toEqual(['700', '600', '700', '700', '600']);
    expect(preparePrivateFolder(folder)).toBeNull();
  });

  it('that is closed but contains an open file has the file closed', async () => {
    const folder = await givenOpenFolder(0o700);
    expect(preparePrivateFolder(folder)).toMatch(/The modes of 1 files/);
    expect(modeOf(join(folder, 'stint.sqlite'))).toBe('600');
  });

  it('keeps the modes of the targets of links', async () => {
    const folder = await givenOpenFolder(0o755);
    const outside = join(await givenFolder(), 'outside');
    writeFileSync(outside, '');
    chmodSync(outside, 0o644);
    symlinkSync(outside, join(folder, 'link'));
    preparePrivateFolder(folder);
    expect(modeOf(outside)).toBe('644');
  });

  it('that all accounts write into is refused and not changed', async () => {
    const folder = await givenOpenFolder(0o1777);
    expect(() => preparePrivateFolder(folder)).toThrow(
      /one that all accounts write into\. Give Stint a folder/,
    );
    expect(modeOf(folder)).toBe('1777');
  });

  it('that others may read and that contains their files is refused and not changed', async () => {
    const folder = await givenOpenFolder(0o755, 'thesis.txt');
    expect(() => preparePrivateFolder(folder)).toThrow(
      /holds other things than Stint's data \(thesis\.txt\)/,
    );
    expect([modeOf(folder), modeOf(join(folder, 'thesis.txt'))]).toEqual(['755', '644']);
  });

  it.each(['quickstart.log', 'check', 'lost+found', '.keep'])(
    'that holds only %s besides is taken',
    async (name) => {
      const folder = await givenOpenFolder(0o755, name);
      expect(preparePrivateFolder(folder)).toMatch(/was open/);
      expect(modeOf(folder)).toBe('700');
    },
  );
});

describe('a private file', () => {
  it('is created for its owner only, whatever the umask is', async () => {
    const before = process.umask(0);
    try {
      const file = join(await givenFolder(), 'f');
      makePrivateFile(file);
      expect(modeOf(file)).toBe('600');
    } finally {
      process.umask(before);
    }
  });

  it('is not changed if it exists', async () => {
    const folder = await givenOpenFolder(0o700);
    makePrivateFile(join(folder, 'stint.sqlite'));
    expect(readdirSync(folder)).toEqual(['stint.sqlite']);
    expect(statSync(join(folder, 'stint.sqlite')).size).toBe(1);
  });
});
