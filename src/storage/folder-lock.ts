import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

const otherFolder = 'choose another folder with STINT_DATA';

/**
 * Keeps a data folder for one service: a second one would take the running jobs of the first for lost. The lock is the
 * operating system's, on a file of its own, so it ends with the process however that ends. Answers how to let go.
 */
export function lockFolder(folder: string): () => void {
  makeFolder(folder);
  const file = join(folder, 'stint.lock');
  let lock;
  try {
    lock = new Database(file, { timeout: 0 });
    lock.pragma('locking_mode = EXCLUSIVE');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock?.close();
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (code.startsWith('SQLITE_BUSY'))
      throw new Error(`${folder} is in use by another Stint. Stop that one, or ${otherFolder}.`);
    throw new Error(
      `${file} cannot be locked: ${message}. Remove it while no Stint runs, or ${otherFolder}.`,
    );
  }
  const held = lock;
  return () => held.close();
}

/** What keeps a folder from being used, where Node's own words are not for people. */
const reasons: Readonly<Record<string, string>> = {
  EEXIST: 'it is a file',
  ENOTDIR: 'a part of its path is a file',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'its disk is read-only',
};

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const why = reasons[code] ?? message;
    throw new Error(`The data folder ${folder} cannot be used: ${why}. Mend that, or ${otherFolder}.`);
  }
}
