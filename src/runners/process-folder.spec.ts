import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastLines } from './process-folder.js';

const folder = mkdtempSync(join(tmpdir(), 'stint-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function written(text: string, most?: number): Promise<readonly string[]> {
  writeFileSync(join(folder, 'stdout.log'), text);
  return (await lastLines(folder, most)).stdout;
}
const lines = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}`);

describe('the last lines of a process', () => {
  it('are all lines, up to 200', async () => {
    expect(await written(`${lines(200).join('\n')}\n`)).toEqual(lines(200));
    expect(await written('one\ntwo')).toEqual(['one', 'two']);
    expect(await written('')).toEqual([]);
  });

  it('start with the number of bytes before them', async () => {
    const shown = await written(`${lines(202).join('\n')}\n`);
    expect(shown).toEqual(['… 14 bytes before this are not shown', ...lines(202).slice(2)]);
  });

  it('show the end of a line that is longer than the part that is read', async () => {
    const shown = await written(`${'x'.repeat(300_000)}end`);
    expect(shown).toEqual([
      expect.stringMatching(/^… \d+ bytes before this/),
      expect.stringMatching(/^x+end$/),
    ]);
  });

  it('are as many as requested, without the number of bytes before them', async () => {
    expect(await written('a\nb\nc\n', 2)).toEqual(['b', 'c']);
  });
});
