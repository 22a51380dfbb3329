import { parseArgs } from 'node:util';
import { dataFolder } from '../config/data-folder.js';
import { ConfigError } from '../config/config-file.js';
import { versionOf } from '../config/version.js';
import { verifyLedger, type Outcome } from './ledger-verify.js';

const usage = `Usage: stint ledger verify [--data DIR] [--json]

  ledger verify   derives every sum from the entries of the ledger and compares it with what is stored;
                  reads only, also while the service runs

  --data DIR      the data folder; otherwise STINT_DATA, or the key data of the configuration file
  --json          for programs

  --version       which Stint this is

Exit code: 0 in order, 1 differences found, 2 could not be read
`;

/** What `stint` answers to its arguments. `home` is the project's own folder. */
export function runCommand(args: readonly string[], env: NodeJS.ProcessEnv, home: string): Outcome {
  let asked;
  try {
    asked = parseArgs({
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
    // Node's advice on arguments that begin with a dash does not help: there are none.
    const said = String((error as Error).message).replace(/ To specify a positional argument.*$/s, '');
    return { code: 2, out: '', err: `${said}\n\n${usage}` };
  }
  const { values, positionals } = asked;
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
