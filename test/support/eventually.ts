import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * What `look` answers once it answers anything but undefined or false; it is asked every few milliseconds. Only for what
 * another process does, of which no event tells. It waits for as long as a busy machine may need.
 */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  milliseconds = 60_000,
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + milliseconds;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen as Exclude<T, undefined | false>;
    if (performance.now() > deadline) throw new Error(`Not within ${milliseconds} ms: ${what}`);
    await pause(20);
  }
}

/** Whether a process is there and no zombie. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch {
    return false;
  }
}

/** Ended, but not yet asked for by its parent. Where there is no /proc nobody can tell. */
function isZombie(pid: number): boolean {
  try {
    return /^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
