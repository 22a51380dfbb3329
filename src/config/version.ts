import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Returns the version of Stint that is installed in `home`. */
export const versionOf = (home: string): string =>
  (JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string }).version;
