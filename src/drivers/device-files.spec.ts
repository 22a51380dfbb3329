import { describe, expect, it } from '@jest/globals';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { refusedWords } from '../../test/support/refused.js';
import { givenFolder } from '../../test/support/store.js';
import { DeviceFiles } from './device-files.js';

async function givenDevices(files: Readonly<Record<string, string>>) {
  const folder = await givenFolder();
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const devices = new DeviceFiles(folder);
  return (device: string) => () => devices.of({ name: 'd', options: { device } });
}

describe('a device', () => {
  it('that does not exist is refused with a list of those that do, and without a file path', async () => {
    const of = await givenDevices({ 'b/configuration.json': '{}', 'a/configuration.json': '{}', README: '' });
    for (const name of ['nope', '../a', 'README'])
      expect(refusedWords(of(name))).toBe(`Backend d: there is no device ${name}; there are: a, b.`);
  });

  it.each([
    [{ 'a/configuration.json': '{' }, /^Backend d: devices\/a\/configuration\.json is no valid JSON: /],
    [{ 'a/configuration.json': '{}' }, /^Backend d: devices\/a\/properties\.json cannot be read\.$/],
  ])('with a damaged file is refused with the name of the file: %j', async (files, words) => {
    expect(refusedWords((await givenDevices(files))('a'))).toMatch(words);
  });

  it('gets the name of its backend', async () => {
    const of = await givenDevices({ 'a/configuration.json': '{"n": 5}', 'a/properties.json': '{}' });
    expect(of('a')()).toEqual({ configuration: { n: 5, backend_name: 'd' }, properties: {} });
  });
});
