import { resolve } from 'node:path';
import { ConfigError, findFile, readYaml } from './config-file.js';

/** The data folder if neither file nor environment names one. */
export const defaultData = './data';

/**
 * Returns the data folder that the service would choose. It is for commands that need no other key and should not load
 * the validator. `path` overrides file and environment.
 */
export function dataFolder(path: string | undefined, env: NodeJS.ProcessEnv, home: string): string {
  const override = path ?? env['STINT_DATA'];
  if (override !== undefined && override !== '') return resolve(notAddress('STINT_DATA', override));
  const file = findFile(env['STINT_CONFIG'], home);
  const { data } = file === null ? { data: undefined } : readYaml(file);
  return resolve(typeof data === 'string' ? notAddress('data', data) : defaultData);
}

/**
 * Returns why `data` is not the name of a folder, or null if it is one. Without this check the address of a database
 * would create a folder with a strange name, and start an empty service.
 */
export function folderMistake(data: string): string | null {
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(data) && !/^(sqlite|postgres(ql)?|mysql|mariadb|file):/i.test(data))
    return null;
  return `${withoutPassword(data)} is no folder; Stint keeps its data in a folder of this machine, in SQLite.`;
}

const withoutPassword = (address: string): string => address.replace(/\/\/[^@/]*@/, '//…@');

function notAddress(key: string, data: string): string {
  const wrong = folderMistake(data);
  if (wrong !== null) throw new ConfigError([`${key}: ${wrong}`]);
  return data;
}
