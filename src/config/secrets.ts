import { readFileSync, statSync } from 'node:fs';

/** A token is at least this long, wherever it comes from. */
export const shortestToken = 32;

/** What a file holds, without the line end that editors put there. Throws a sentence that names `key`. */
export function readSecret(key: string, file: string): string {
  const text = readNamed(key, file).toString('utf8').trim();
  if (text.length < shortestToken)
    throw new Error(
      `${key}: ${file} must hold at least ${shortestToken} characters, and holds ${text.length}.`,
    );
  if (/\s/.test(text))
    throw new Error(`${key}: ${file} must hold one token, without blanks or line ends in it.`);
  return text;
}

/** The bytes of a file that the configuration names. */
export function readNamed(key: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT' ? 'does not exist' : code === 'EISDIR' ? 'is a folder' : `cannot be read (${code})`;
    throw new Error(`${key}: ${file} ${why}.`);
  }
}

/** A sentence where other accounts can read a file with a secret, else null. Windows has no such bits. */
export function openSecret(what: string, file: string): string | null {
  if (process.getuid === undefined || (statSync(file).mode & 0o044) === 0) return null;
  return `${what} is in ${file}, which other accounts of this machine can read. Run: chmod 600 ${file}`;
}
