#!/usr/bin/env node
// `npm run check:long`: runs the checks that take too long for `npm run check`, one after another, even if one fails.
// With an argument, runs only those whose name contains it. The exit code is 0 only if all passed.
import { fuzzApi } from './lib/api-fuzz.mjs';
import { ensureBuild } from './lib/node-packages.mjs';
import { inRoot } from './lib/project.mjs';
import { ensureVenv, pythonOf } from './lib/python.mjs';
import { npm, run } from './lib/run.mjs';

const how = {
  onLine: (line) => console.log(line),
  log: process.stdout,
  env: { ...process.env, STINT_LONG: '1' },
};

const commands = [
  {
    name: 'exact',
    about: 'random circuits of 5 to 27 qubits against an independent simulation; 27 qubits take minutes',
    async work() {
      await ensureVenv('.venv', ['workers/requirements.lock', 'workers/requirements-dev.txt'], how);
      const args = ['-m', 'pytest', '-q', '--durations=10', 'tests/test_exact.py'];
      return run(pythonOf('.venv'), args, { ...how, log: undefined, cwd: inRoot('workers') });
    },
  },
  {
    name: 'openapi',
    about:
      'random requests beside the listed ones, and sequences of calls that use what the ones before returned; ' +
      'at most 15 minutes for each of the two tokens',
    async work() {
      await ensureBuild(how);
      await ensureVenv('.venv-schemathesis', ['workers/requirements-schemathesis.lock'], how);
      return fuzzApi(
        { onLine: how.onLine, env: how.env },
        ['--phases', 'examples,coverage,fuzzing,stateful', '--max-examples', '100'],
        process.argv[3],
      );
    },
  },
  {
    name: 'growth',
    about: 'how the work for a request grows with its input, with larger inputs',
    work: () =>
      run(npm, ['test', '--', 'test/http/growth.spec.ts'], {
        ...how,
        env: { ...how.env, STINT_GROWTH: 'long' },
      }),
  },
];

const wanted = process.argv[2] ?? '';
const chosen = commands.filter(({ name }) => name.includes(wanted));
if (chosen.length === 0) {
  const names = commands.map(({ name }) => name).join(', ');
  console.error(`There is no command like ${wanted}. There are: ${names}`);
  process.exit(2);
}
for (const { name, about, work } of chosen) {
  console.log(`\n${name}: ${about}`);
  for (const { code } of [await work()].flat()) if (code !== 0) process.exitCode = 1;
}
