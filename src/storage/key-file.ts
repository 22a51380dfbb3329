import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { isOpenToOthers } from './private-folder.js';

/** Minimum length in characters. A generated key has 43 characters, for 32 random bytes. */
const minKeyLength = 32;

/**
 * Returns the key in `file` as bytes. If the file is missing, or `replace` is set, writes a new key that only the owner
 * can read. Throws an error whose message is for the operator.
 */
export function openKeyFile(file: string, replace = false): Uint8Array {
  try {
    if (replace || !existsSync(file)) writeKey(file);
    const key = readFileSync(file, 'utf8').trim();
    if (key.length >= minKeyLength) return new TextEncoder().encode(key);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(
      `The key that signs bearer tokens cannot be kept in ${file}: ${code ?? message}. ` +
        'Choose another file with STINT_SIGNING_KEY_FILE.',
    );
  }
  throw new Error(
    `${file} holds no key: it needs at least ${minKeyLength} characters. ` +
      'Remove it, and the next start makes a new one; clients renew their bearer tokens by themselves.',
  );
}

/** Returns whether a key exists that other accounts can read. */
export const isOpenKey = (file: string): boolean => existsSync(file) && isOpenToOthers(file);

/** Writes to a temporary name first: a partly written key would look like a valid one. */
function writeKey(file: string): void {
  const temporary = `${file}.new`;
  const handle = openSync(temporary, 'w', 0o600);
  try {
    writeSync(handle, `${randomBytes(32).toString('base64url')}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(temporary, file);
}
