// Finds import cycles, including imports of types. `import-x/no-cycle` follows only imports of values, but two modules
// that need each other's types cannot be understood one after the other either. `eslint.config.js` uses this as a rule.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

/** Returns all TypeScript files below `folders`: path → paths that the file imports. */
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

/** Returns the shortest cycle for each file on one, with the file at both ends. */
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

/**
 * Returns an ESLint plugin whose rule `no-cycle` reports each file on a cycle. It reads the imports once for all files.
 */
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
