import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Duration of a flush on a common SSD without power-loss protection, or on a cloud network disk. */
const milliseconds = 1;

/**
 * Returns an environment in which every flush takes longer, or null without a C compiler. Group commit shares flushes,
 * which pays only if flushes are slow; so the bench also measures a slow disk.
 */
export async function slowFsync(folder) {
  const library = join(folder, 'slow-fsync.so');
  const source = new URL('slow-fsync.c', import.meta.url).pathname;
  try {
    await promisify(execFile)('cc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl']);
  } catch {
    return null;
  }
  return { milliseconds, env: { LD_PRELOAD: library, SLOW_FSYNC_US: String(1000 * milliseconds) } };
}
