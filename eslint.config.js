import importX from 'eslint-plugin-import-x';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import tseslint from 'typescript-eslint';
import { cyclesPlugin } from './scripts/lib/import-cycles.mjs';
import { namesPlugin } from './scripts/lib/names.mjs';

/** Forbids imports between folders of src that the table does not allow. docs/architecture.md explains the table. */
const zone = (target, from, message) => ({ target: `./src/${target}`, from, message });
const all = `config kernel scheduler storage runners drivers dialects auth admin telemetry cli`.split(' ');
const allowed = {
  kernel: [],
  scheduler: ['kernel'],
  storage: ['kernel', 'scheduler'],
  runners: ['kernel', 'scheduler'],
  drivers: ['kernel', 'scheduler', 'runners'],
  telemetry: ['config'],
  config: ['kernel'],
  auth: ['kernel', 'scheduler'],
  admin: ['kernel', 'scheduler', 'auth', 'dialects', 'config'],
  dialects: ['kernel', 'scheduler', 'auth', 'config'],
  cli: ['config', 'storage'],
};
const zones = Object.entries(allowed).flatMap(([target, may]) =>
  all
    .filter((from) => from !== target && !may.includes(from))
    .map((from) =>
      zone(target, `./src/${from}`, `${target} may import only ${['itself', ...may].join(', ')}.`),
    ),
);

/** The folders of the Nexosis dialect, and which others each may import. Each can be read without the rest. */
const rooms = {
  storage: [],
  wire: ['storage'],
  outgoing: ['storage', 'wire'],
  data: ['storage', 'wire', 'outgoing'],
  answers: ['storage', 'wire', 'outgoing', 'data'],
};
for (const [room, may] of Object.entries(rooms))
  for (const from of Object.keys(rooms).filter((each) => each !== room && !may.includes(each)))
    zones.push(
      zone(
        `dialects/nexosis/${room}`,
        `./src/dialects/nexosis/${from}`,
        `${room} may import only ${['itself', ...may].join(', ')}.`,
      ),
    );

export default tseslint.config(
  { ignores: ['dist', 'data', 'bench/results', 'coverage', 'node_modules', '.venv*', 'test/acceptance'] },
  ...tseslint.configs.recommended,
  {
    files: ['src/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts', 'examples/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { 'import-x': importX, imports: cyclesPlugin(import.meta.dirname, ['src', 'test', 'bench']) },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'imports/no-cycle': 'error',
      'import-x/no-restricted-paths': ['error', { zones }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/**/*.spec.ts'],
    rules: { 'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }] },
  },
  {
    // The kernel is pure: time, ids and random values are arguments.
    files: ['src/kernel/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        'Date',
        'setTimeout',
        'setInterval',
        'setImmediate',
        'process',
        'performance',
      ],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random' }],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['@nestjs/*', 'typeorm', 'node:*', 'pino', 'fastify', 'rxjs'],
              message: 'The kernel is pure.',
            },
          ],
        },
      ],
    },
  },
  {
    // Only system-clock.ts reads the computer's clock; all other code uses the port `Clock`.
    files: ['src/**/*.ts'],
    ignores: ['src/kernel/**', 'src/scheduler/system-clock.ts', 'src/**/*.spec.ts'],
    rules: { 'no-restricted-properties': ['error', { object: 'Date', property: 'now' }] },
  },
  {
    // Names that have a clearer successor. A migration is never edited, whatever the code is called today.
    files: ['src/**/*.ts', 'test/**/*.ts', 'examples/**/*.ts'],
    ignores: ['src/**/migrations/**', 'test/http/**'],
    plugins: { names: namesPlugin(import.meta.dirname) },
    rules: { 'names/retired': 'error' },
  },
  {
    // One idea, one word: exported types with the name of another one. A copied example must pass too.
    files: ['src/**/*.ts', 'examples/**/*.ts'],
    ignores: ['src/**/*.spec.ts', 'src/**/migrations/**'],
    rules: { 'names/one-meaning': 'error' },
  },
);
