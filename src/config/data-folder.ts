import { resolve } from 'node:path';
import { ConfigError, findFile, readYaml } from './config-file.js';

/** As the configuration has it unless told otherwise. */
export const defaultData = './data';

/**
 * The data folder as the service would choose it, for a command that needs nothing else of the configuration and must not
 * load what checks it. `named` wins over everything.
 */
export function dataFolder(named: string | undefined, env: NodeJS.ProcessEnv, home: string): string {
  const given = named ?? env['STINT_DATA'];
  if (given !== undefined && given !== '') return resolve(notAddress('STINT_DATA', given));
  const file = findFile(env['STINT_CONFIG'], home);
  const { data } = file === null ? { data: undefined } : readYaml(file);
  return resolve(typeof data === 'string' ? notAddress('data', data) : defaultData);
}

/** Why `data` is no name of a folder, or null. Else a folder with a strange name would be made, and an empty service started. */
export function wrongFolder(data: string): string | null {
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(data) && !/^(sqlite|postgres(ql)?|mysql|mariadb|file):/i.test(data))
    return null;
  return `${withoutPassword(data)} is no folder; Stint keeps its data in a folder of this machine, in SQLite.`;
}

const withoutPassword = (address: string): string => address.replace(/\/\/[^@/]*@/, '//…@');

function notAddress(key: string, data: string): string {
  const wrong = wrongFolder(data);
  if (wrong !== null) throw new ConfigError([`${key}: ${wrong}`]);
  return data;
}
