#!/usr/bin/env node
// What takes too long for every change: `npm run check:long`. Each command runs to its end; the exit code tells of any failure.
import { fuzzApi } from './lib/api-fuzz.mjs';
import { ensureBuild } from './lib/node-packages.mjs';
import { ensureVenv } from './lib/python.mjs';

const how = { onLine: (line) => console.log(line), log: process.stdout };
const commands = [
  // Random requests beside the listed ones, and sequences of calls that use what the ones before returned.
  () => fuzzApi(how, ['--phases', 'examples,coverage,fuzzing,stateful', '--max-examples', '100']),
];

await ensureBuild(how);
await ensureVenv('.venv-schemathesis', ['workers/requirements-schemathesis.lock'], how);
let failed = 0;
for (const command of commands) for (const { code } of [await command()].flat()) if (code !== 0) failed += 1;
process.exitCode = failed > 0 ? 1 : 0;
