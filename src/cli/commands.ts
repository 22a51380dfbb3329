import { parseArgs } from 'node:util';
import { dataFolder } from '../config/data-folder.js';
import { ConfigError } from '../config/config-file.js';
import { verifyLedger, type Outcome } from './ledger-verify.js';

const usage = `Usage: stint ledger verify [--data DIR] [--json]

  ledger verify   derives every sum from the entries of the ledger and compares it with what is stored;
                  reads only, also while the service runs

  --data DIR      the data folder; otherwise STINT_DATA, or the key data of the configuration file
  --json          for programs

Exit code: 0 in order, 1 differences found, 2 could not be read
`;

/** What `stint` answers to its arguments. `home` is the project's own folder. */
export function runCommand(args: readonly string[], env: NodeJS.ProcessEnv, home: string): Outcome {
  let asked;
  try {
    asked = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { data: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    return { code: 2, out: '', err: `${error instanceof Error ? error.message : String(error)}\n\n${usage}` };
  }
  const { values, positionals } = asked;
  if (values.help === true) return { code: 0, out: usage };
  if (positionals.join(' ') !== 'ledger verify') return { code: 2, out: '', err: usage };
  try {
    return verifyLedger(dataFolder(values.data, env, home), values.json ?? false);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { code: 2, out: '', err: `${error.message}\n` };
  }
}
