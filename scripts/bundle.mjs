#!/usr/bin/env node
// After `nest build`: puts the service and its libraries into one file, `dist/main.js`, because finding and reading the
// thousand files of the libraries is most of what a start costs (docs/decisions/0005-one-file-to-start.md).
import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { build } from 'esbuild';
import { inRoot } from './lib/project.mjs';

/** Packages that are not bundled: native code, and libraries that read files in their own folder. */
const beside = ['better-sqlite3', '@fastify/static', 'swagger-ui-dist'];

/** Optional packages that TypeORM and Nest import for other databases and transports. They are never loaded. */
const notInstalled = {
  name: 'not-installed',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...from }) => {
      const ours = !from.importer.includes('node_modules') || from.kind === 'import-statement';
      if (ours || pluginData === 'resolving') return;
      const found = await resolve(path, { ...from, pluginData: 'resolving' });
      return found.errors.length === 0 ? found : { path, external: true };
    });
  },
};

/** Variables that CommonJS libraries expect. The imported names must not collide with names in a library. */
const commonJs = `
import { createRequire as bundleRequire } from 'node:module';
import { dirname as bundleDirname } from 'node:path';
import { fileURLToPath as bundlePath } from 'node:url';
const require = bundleRequire(import.meta.url);
const __filename = bundlePath(import.meta.url);
const __dirname = bundleDirname(__filename);`;

const main = inRoot('dist', 'main.js');
await build({
  entryPoints: [main],
  outfile: main,
  allowOverwrite: true,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: beside,
  plugins: [notInstalled],
  banner: { js: commonJs },
  // Nest and TypeORM identify classes and migrations by name.
  keepNames: true,
  // Not minified: a stack trace can be read, and `node --enable-source-maps` translates it.
  sourcemap: 'linked',
  logLevel: 'error',
});
// Each thread loads a separate file in the same folder as the bundle.
const thread = (path) => ({ in: inRoot('dist', path), out: basename(path, '.js') });
await build({
  entryPoints: [thread('dialects/nexosis/data/row-thread.js')],
  outdir: inRoot('dist'),
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  banner: { js: commonJs },
  sourcemap: 'linked',
  logLevel: 'error',
});
await writeFile(main, namingClassesOnly(await readFile(main, 'utf8')));

/**
 * Removes the bundler's naming of closures, which happens each time a closure is created and takes a tenth of a
 * request's time. Classes and renamed functions keep their names. So do the thunks `type: () => …` of the API
 * description, because Nest distinguishes them from classes by name. No line moves, so the source map stays correct.
 */
function namingClassesOnly(text) {
  const helper = 'var __name = (target, value) =>';
  if (!text.includes(helper)) throw new Error('The bundler names functions in another way than before.');
  return text
    .replace(helper, `var __asIs = (target) => target; ${helper}`)
    .replace(/(?<!\btype: )\/\* @__PURE__ \*\/ __name\(/g, '/* @__PURE__ */ __asIs(')
    .replace(/^(\s*)__name\((\w+), "\2"\);$/gm, '$1');
}
