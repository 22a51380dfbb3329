import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { isOpenToOthers } from './private-folder.js';

/** Characters; 32 random bytes have 43. */
const shortest = 32;

/**
 * The key in `file`, as bytes. Makes the file, for its owner alone, where there is none; `replace` makes a new key in any
 * case. Throws a sentence for the operator.
 */
export function openKeyFile(file: string, replace = false): Uint8Array {
  try {
    if (replace || !existsSync(file)) writeKey(file);
    const key = readFileSync(file, 'utf8').trim();
    if (key.length >= shortest) return new TextEncoder().encode(key);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(
      `The key that signs bearer tokens cannot be kept in ${file}: ${code ?? message}. ` +
        'Choose another file with STINT_SIGNING_KEY_FILE.',
    );
  }
  throw new Error(
    `${file} holds no key: it needs at least ${shortest} characters. ` +
      'Remove it, and the next start makes a new one; clients renew their bearer tokens by themselves.',
  );
}

/** Whether other accounts can read a key that is there. */
export const isOpenKey = (file: string): boolean => existsSync(file) && isOpenToOthers(file);

/** Under another name first: half a key would not be noticed. */
function writeKey(file: string): void {
  const fresh = `${file}.new`;
  const handle = openSync(fresh, 'w', 0o600);
  try {
    writeSync(handle, `${randomBytes(32).toString('base64url')}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(fresh, file);
}
