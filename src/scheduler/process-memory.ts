import type { Millis } from '../kernel/time.js';
import type { DeadlineMemory, ProcessMemory } from './process-memory.ports.js';

class DeadlineWatch implements DeadlineMemory {
  next: Millis = -Infinity;
  readonly deferred = {
    backends: new Set<string>(),
    instances: new Set<string>(),
    refunded: new Set<string>(),
    times: 0,
  };

  note(at: Millis | undefined): void {
    if (at !== undefined && at < this.next) this.next = at;
  }
}

/** Returns the memory of a process that has just started. */
export const newProcessMemory = (): ProcessMemory => ({
  deadlines: new DeadlineWatch(),
  clientSeen: new Map(),
  answers: { answering: new Set(), arrived: new Set(), leaving: new Set() },
});
