// Circles of imports, imports of types among them: `import-x/no-cycle` follows values only, and two modules whose types need
// each other can as little be understood one after the other. `eslint.config.js` makes a rule of it.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

/** All TypeScript files below `folders`, by path, with what each imports of the others. */
export function importsBelow(folders) {
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  );
  const known = new Set(files);
  const importsOf = (file) => {
    const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'));
    const found = importedFiles
      .filter(({ fileName }) => fileName.startsWith('.'))
      .map(({ fileName }) => resolve(dirname(file), fileName.replace(/\.js$/, '.ts')));
    return [...new Set(found)].filter((other) => known.has(other));
  };
  return new Map(files.map((file) => [file, importsOf(file)]));
}

/** For each file on a circle the shortest way back to it, itself at both ends. */
export function cyclesIn(imports) {
  const cycles = new Map();
  for (const file of imports.keys()) {
    const way = wayBack(imports, file);
    if (way !== null) cycles.set(file, way);
  }
  return cycles;
}

function wayBack(imports, file) {
  const cameFrom = new Map();
  const queue = [file];
  for (const at of queue)
    for (const next of imports.get(at) ?? []) {
      if (next === file) {
        const way = [file];
        for (let step = at; step !== file; step = cameFrom.get(step)) way.unshift(step);
        return [file, ...way];
      }
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, at);
      queue.push(next);
    }
  return null;
}

/** An ESLint plugin whose rule `no-cycle` refuses each file on a circle. The imports are read once for all files. */
export function cyclesPlugin(root, folders) {
  let cycles;
  const rule = {
    meta: { type: 'problem', messages: { cycle: 'This file imports itself: {{way}}.' }, schema: [] },
    create: (context) => ({
      Program(node) {
        cycles ??= cyclesIn(importsBelow(folders.map((folder) => join(root, folder))));
        const way = cycles.get(context.physicalFilename);
        if (way === undefined) return;
        const data = { way: way.map((file) => relative(root, file)).join(' → ') };
        context.report({ node, loc: { line: 1, column: 0 }, messageId: 'cycle', data });
      },
    }),
  };
  return { rules: { 'no-cycle': rule } };
}
