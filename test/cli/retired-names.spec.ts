import { expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { givenFolder } from '../support/store.js';

const plugin = join(import.meta.dirname, '../../scripts/lib/names.mjs');

/** Returns the messages of both rules for the files, each with its file. */
async function messagesFor(files: Readonly<Record<string, string>>): Promise<string[]> {
  const folder = await givenFolder();
  await mkdir(join(folder, 'src'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'src', name), text);
  const lint = `import { ESLint } from 'eslint';
    import tseslint from 'typescript-eslint';
    import { namesPlugin } from ${JSON.stringify(plugin)};
    const cwd = process.argv[1];
    const eslint = new ESLint({
      cwd,
      overrideConfigFile: true,
      overrideConfig: [{
        files: ['**/*.ts'],
        languageOptions: { parser: tseslint.parser },
        plugins: { names: namesPlugin(cwd) },
        rules: { 'names/retired': 'error', 'names/one-meaning': 'error' },
      }],
    });
    const results = await eslint.lintFiles(['src']);
    console.log(JSON.stringify(results.flatMap(({ filePath, messages }) =>
      messages.map(({ message }) => filePath.slice(cwd.length + 5) + ': ' + message))));`;
  const args = ['--input-type=module', '-e', lint, folder];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as string[];
}

it('a retired name is refused wherever a file declares it, with its successor', async () => {
  const text = `
    const asked = 1;
    function f({ x: said }: { x: number }, [...told]: number[], heard = 2) {}
    class C { meant = 1; setAside() {} constructor(private readonly asker: string) {} }
    interface I { teller: string; tell(): void }
    type Unit = number;
    try { f() } catch (tells) { C }
    export { f as separately };
    import { z as betweens } from './z.js';`;
  const messages = await messagesFor({ 'a.ts': text });
  const names = messages.map((message) => /"(\w+)" is a retired name\. Use ./.exec(message)?.[1]);
  expect(names.sort()).toEqual(
    [
      'asked',
      'said',
      'told',
      'heard',
      'meant',
      'setAside',
      'asker',
      'teller',
      'tell',
      'Unit',
      'tells',
      'separately',
      'betweens',
    ].sort(),
  );
});

it('a column, a key of an object and a use may have a retired name', async () => {
  const text = `
    class Row { @Column(text) asked!: string; @PrimaryColumn() told!: string }
    const row = { asked: 1 };
    const { asked: request } = row;
    row.asked = request;`;
  expect(await messagesFor({ 'a.ts': text })).toEqual([]);
});

it('a type with the name of a type in another file is refused in both, and a local type in none', async () => {
  const files = {
    'a.ts': 'export interface Page { a: 1 }\ninterface Own { a: 1 }',
    'b.ts': 'export type Page = number;\ninterface Own { b: 1 }',
    'c.ts': 'export class Other {}',
  };
  expect(await messagesFor(files)).toEqual([
    'a.ts: src/b.ts exports a type Page too. Give this one a name of its own.',
    'b.ts: src/a.ts exports a type Page too. Give this one a name of its own.',
  ]);
});
