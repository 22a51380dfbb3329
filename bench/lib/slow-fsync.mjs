import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What a flush takes on a common SSD without power-loss protection, or on a network disk in a cloud. */
const milliseconds = 1;

/**
 * An environment in which every flush takes longer. Group commit shares flushes; where a flush costs nothing there is
 * nothing to share, so the same figures are taken on such a disk too. Null without a C compiler.
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
