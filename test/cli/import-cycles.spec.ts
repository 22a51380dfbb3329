import { expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { givenFolder } from '../support/store.js';

const script = join(import.meta.dirname, '../../scripts/lib/import-cycles.mjs');

/** Returns the files that are on an import cycle, each with the cycle. */
async function cyclesOf(files: Readonly<Record<string, string>>): Promise<string[]> {
  const folder = await givenFolder();
  await mkdir(join(folder, 'src'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'src', name), text);
  const program = `import { cyclesIn, importsBelow } from ${JSON.stringify(script)};
    console.log(JSON.stringify([...cyclesIn(importsBelow([process.argv[1]])).values()]));`;
  const args = ['--input-type=module', '-e', program, join(folder, 'src')];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const cycles = JSON.parse(stdout) as string[][];
  return cycles.map((cycle) => cycle.map((file) => file.slice(folder.length + 5)).join(' → '));
}

it.each([
  ['of values', "import { b } from './b.js';", "import { a } from './a.js';"],
  ['of types', "import type { B } from './b.js';", "import type { A } from './a.js';"],
  ['of a type in a signature', "export type B = import('./b.js').B;", "import type { A } from './a.js';"],
  ['of re-exports', "export * from './b.js';", "import { type A } from './a.js';"],
])('an import cycle %s is found in each of its files', async (_, a, b) => {
  expect(await cyclesOf({ 'a.ts': a, 'b.ts': b, 'c.ts': "import './a.js';" })).toEqual([
    'a.ts → b.ts → a.ts',
    'b.ts → a.ts → b.ts',
  ]);
});

it('a module that two others import is not a cycle', async () => {
  const files = { 'a.ts': "import './b.js'; import './c.js';", 'b.ts': "import './c.js';", 'c.ts': '' };
  expect(await cyclesOf(files)).toEqual([]);
});
