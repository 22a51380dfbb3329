import { parseArgs } from 'node:util';
import { dataFolder } from '../config/data-folder.js';
import { ConfigError } from '../config/config-file.js';
import { versionOf } from '../config/version.js';
import { verifyLedger, type CommandResult } from './ledger-verify.js';

const usage = `Usage: stint ledger verify [--data DIR] [--json]

  ledger verify   recomputes every sum from the ledger entries and compares it with the stored sum;
                  changes nothing, and may run while the service runs

  --data DIR      the data folder; default: STINT_DATA, or else "data" in the configuration file
  --json          print JSON

  --version       print the version of Stint

Exit code: 0 in order, 1 differences found, 2 ledger not readable
`;

/** Runs a `stint` command line and returns its output and exit code. `home` is the project's own folder. */
export function runCommand(args: readonly string[], env: NodeJS.ProcessEnv, home: string): CommandResult {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        data: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
      },
    });
  } catch (error) {
    // Drop Node's advice on positional arguments that start with a dash: no command takes any.
    const message = String((error as Error).message).replace(/ To specify a positional argument.*$/s, '');
    return { code: 2, out: '', err: `${message}\n\n${usage}` };
  }
  const { values, positionals } = parsed;
  if (values.help === true) return { code: 0, out: usage };
  if (values.version === true) return { code: 0, out: `stint ${versionOf(home)}\n` };
  const command = positionals.join(' ');
  if (command === '') return { code: 2, out: '', err: usage };
  if (command !== 'ledger verify')
    return { code: 2, out: '', err: `There is no command ${command}; there is: ledger verify.\n\n${usage}` };
  try {
    return verifyLedger(dataFolder(values.data, env, home), values.json ?? false);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { code: 2, out: '', err: `${error.message}\n` };
  }
}
