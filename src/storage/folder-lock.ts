import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/**
 * Keeps a data folder for one service: a second one would take the running jobs of the first for lost. The lock is the
 * operating system's, on a file of its own, so it ends with the process however that ends. Answers how to let go.
 */
export function lockFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true });
  const lock = new Database(join(folder, 'stint.lock'), { timeout: 0 });
  try {
    lock.pragma('locking_mode = EXCLUSIVE');
    lock.exec('BEGIN EXCLUSIVE');
  } catch {
    lock.close();
    throw new Error(
      `${folder} is in use by another Stint. Stop that one, or choose another folder with STINT_DATA.`,
    );
  }
  return () => lock.close();
}
