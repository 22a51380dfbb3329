import { resolve } from 'node:path';
import { findFile, readYaml } from './config-file.js';

/** As the configuration has it unless told otherwise. */
export const defaultData = './data';

/**
 * The data folder as the service would choose it, for a command that needs nothing else of the configuration and must not
 * load what checks it. `named` wins over everything.
 */
export function dataFolder(named: string | undefined, env: NodeJS.ProcessEnv, home: string): string {
  const given = named ?? env['STINT_DATA'];
  if (given !== undefined && given !== '') return resolve(given);
  const file = findFile(env['STINT_CONFIG'], home);
  const { data } = file === null ? { data: undefined } : readYaml(file);
  return resolve(typeof data === 'string' ? data : defaultData);
}
