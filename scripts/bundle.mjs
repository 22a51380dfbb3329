#!/usr/bin/env node
// After `nest build`: puts the service and its libraries into one file, `dist/main.js`, because finding and reading the
// thousand files of the libraries is most of what a start costs (docs/decisions/0005-one-file-to-start.md).
import { build } from 'esbuild';
import { inRoot } from './lib/project.mjs';

/** Native code, and libraries that look for files of theirs beside them. */
const beside = ['better-sqlite3', '@fastify/static', 'swagger-ui-dist'];

/** TypeORM and Nest name the packages of every database and transport they know; those we do not have are never loaded. */
const notInstalled = {
  name: 'not-installed',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...from }) => {
      const ours = !from.importer.includes('node_modules') || from.kind === 'import-statement';
      if (ours || pluginData === 'asked') return;
      const found = await resolve(path, { ...from, pluginData: 'asked' });
      return found.errors.length === 0 ? found : { path, external: true };
    });
  },
};

/** Libraries written as CommonJS expect these; the names of the imports must be no library's own. */
const commonJs = `
import { createRequire as bundleRequire } from 'node:module';
import { dirname as bundleDirname } from 'node:path';
import { fileURLToPath as bundlePath } from 'node:url';
const require = bundleRequire(import.meta.url);
const __filename = bundlePath(import.meta.url);
const __dirname = bundleDirname(__filename);`;

await build({
  entryPoints: [inRoot('dist', 'main.js')],
  outfile: inRoot('dist', 'main.js'),
  allowOverwrite: true,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: beside,
  plugins: [notInstalled],
  banner: { js: commonJs },
  // Nest and TypeORM tell classes and migrations apart by their names.
  keepNames: true,
  // Not minified: a stack trace can be read, and `node --enable-source-maps` translates it.
  sourcemap: 'linked',
  logLevel: 'error',
});
