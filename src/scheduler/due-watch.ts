import type { Millis } from '../kernel/time.js';
import type { DueMemory } from './process-memory.ports.js';

/** The earliest deadline and the deferred work, held in this process. */
export class DueWatch implements DueMemory {
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
