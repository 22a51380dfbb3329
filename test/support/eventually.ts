import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Calls `look` every few milliseconds until it returns something other than undefined or false, and returns that. Use
 * it only for effects of other processes that cause no event. The timeout suits a busy machine.
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

/** Returns whether a process exists and is not a zombie. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch {
    return false;
  }
}

/** Returns whether a process has ended but is not reaped by its parent yet. Always false without /proc. */
function isZombie(pid: number): boolean {
  try {
    return /^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
