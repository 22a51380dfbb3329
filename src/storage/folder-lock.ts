import { join } from 'node:path';
import Database from 'better-sqlite3';
import { makePrivateFile, otherFolderHint, preparePrivateFolder } from './private-folder.js';

/**
 * Locks a data folder for one service, because a second service would treat the running jobs of the first as lost. This
 * is a lock of the operating system on a separate file, so it ends with the process in any case. Returns the function
 * that releases the lock. Calls `warn` if other accounts could access the folder.
 */
export function lockFolder(folder: string, warn: (line: string) => void = () => undefined): () => void {
  const warning = preparePrivateFolder(folder);
  if (warning !== null) warn(warning);
  const file = join(folder, 'stint.lock');
  let lock;
  try {
    makePrivateFile(file);
    lock = new Database(file, { timeout: 0 });
    lock.pragma('locking_mode = EXCLUSIVE');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock?.close();
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (code.startsWith('SQLITE_BUSY'))
      throw new Error(`${folder} is in use by another Stint. Stop that one, or ${otherFolderHint}.`);
    throw new Error(
      `${file} cannot be locked: ${message}. Remove it while no Stint runs, or ${otherFolderHint}.`,
    );
  }
  const held = lock;
  return () => held.close();
}
