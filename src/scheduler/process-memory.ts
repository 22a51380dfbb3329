import type { Millis } from '../kernel/time.js';
import type { DueMemory, ProcessMemory } from './process-memory.ports.js';

class DueWatch implements DueMemory {
  next: Millis = -Infinity;
  readonly left = {
    backends: new Set<string>(),
    instances: new Set<string>(),
    refunded: new Set<string>(),
    times: 0,
  };

  note(at: Millis | undefined): void {
    if (at !== undefined && at < this.next) this.next = at;
  }
}

/** The memory of a process that has just started. */
export const newProcessMemory = (): ProcessMemory => ({
  due: new DueWatch(),
  heard: new Map(),
  answers: { answering: new Set(), arrived: new Set(), leaving: new Set() },
});
