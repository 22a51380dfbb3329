import { readFileSync, statSync } from 'node:fs';

/** The least number of characters of any token. */
export const minTokenLength = 32;

/** Reads a token from a file, without the line end that editors add. Throws an error that names `key`. */
export function readSecret(key: string, file: string): string {
  const text = readConfiguredFile(key, file).toString('utf8').trim();
  if (text.length < minTokenLength)
    throw new Error(
      `${key}: ${file} must hold at least ${minTokenLength} characters, and holds ${text.length}.`,
    );
  if (/\s/.test(text))
    throw new Error(`${key}: ${file} must hold one token, without blanks or line ends in it.`);
  return text;
}

/** Reads a file that the configuration names. Throws an error that names `key`. */
export function readConfiguredFile(key: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT' ? 'does not exist' : code === 'EISDIR' ? 'is a folder' : `cannot be read (${code})`;
    throw new Error(`${key}: ${file} ${why}.`);
  }
}

/**
 * Returns a warning if other accounts can read a file with a secret, else null. Windows has no permission bits to
 * check.
 */
export function readableSecretWarning(what: string, file: string): string | null {
  if (process.getuid === undefined || (statSync(file).mode & 0o044) === 0) return null;
  return `${what} is in ${file}, which other accounts of this machine can read. Run: chmod 600 ${file}`;
}
