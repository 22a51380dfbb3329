/**
 * `npm run check:long`: what takes too long for `npm run check`, one command after the other, with STINT_LONG=1.
 * An argument is a part of a name: only those commands run.
 */
import { inRoot } from './lib/project.mjs';
import { pythonOf } from './lib/python.mjs';
import { run } from './lib/run.mjs';

const commands = [
  {
    name: 'exact',
    about: 'random circuits of 5 to 27 qubits against an independent simulation; 27 qubits take minutes',
    command: pythonOf('.venv'),
    args: ['-m', 'pytest', '-q', '--durations=10', 'tests/test_exact.py'],
    cwd: inRoot('workers'),
  },
];

const wanted = process.argv[2] ?? '';
const chosen = commands.filter(({ name }) => name.includes(wanted));
if (chosen.length === 0) {
  console.error(
    `There is no command like ${wanted}. There are: ${commands.map(({ name }) => name).join(', ')}`,
  );
  process.exit(2);
}
const env = { ...process.env, STINT_LONG: '1' };
for (const { name, about, command, args, cwd } of chosen) {
  console.log(`\n${name}: ${about}`);
  const { code } = await run(command, args, { cwd, env, onLine: (line) => console.log(line) });
  if (code !== 0) process.exitCode = 1;
}
