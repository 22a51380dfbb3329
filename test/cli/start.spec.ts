import { describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runCompiled } from '../support/process.js';
import { givenFolder } from '../support/store.js';

const main = resolve(import.meta.dirname, '../../src/main.ts');

describe('a failed start exits with 1 and prints one line without a stack trace', () => {
  it.each<[string, (folder: string) => Record<string, string>, RegExp]>([
    [
      'a folder as configuration',
      (folder) => ({ STINT_CONFIG: folder }),
      /^The configuration is wrong: The configuration file \S+ is a folder; STINT_CONFIG names another/,
    ],
    [
      'a device that does not exist',
      (folder) => ({ STINT_CONFIG: join(folder, 'c.yaml') }),
      /^The configuration is wrong: \S+\/c\.yaml: Backend d: there is no device nope; there are: stint_hex_27, /,
    ],
    [
      'a file as data folder',
      (folder) => ({ STINT_DATA: join(folder, 'c.yaml') }),
      /^Stint could not start: The data folder \S+\/c\.yaml cannot be used: it is a file\./,
    ],
    [
      'an address of another computer',
      () => ({ STINT_HOST: '203.0.113.7' }),
      /^Stint could not start: 203\.0\.113\.7 is no address of this computer\. Choose one with STINT_HOST/,
    ],
  ])('for %s', async (_, settings, words) => {
    const folder = await givenFolder();
    await writeFile(
      join(folder, 'c.yaml'),
      'backends: [{ name: d, driver: aer, options: { device: nope } }]\n',
    );
    const env = { STINT_DATA: join(folder, 'data'), STINT_PORT: '0', ...settings(folder) };
    const { code, err } = await runCompiled(main, [], env);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(words) });
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });
});
