import type { Millis } from '../kernel/time.js';
import type { Clock } from './ports.js';

/** Timers in Node overflow beyond this; a later deadline is simply looked at again. */
const longestTimer: Millis = 2 ** 31 - 1;

/** The computer's clock, and the only place that reads it. */
export class SystemClock implements Clock {
  readonly mode = 'real';
  private timer: NodeJS.Timeout | undefined;

  now(): Millis {
    return Date.now();
  }

  wall(): Millis {
    return Date.now();
  }

  wakeAt(at: Millis, wake: () => void): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (at === Infinity) return;
    this.timer = setTimeout(wake, Math.min(longestTimer, Math.max(0, at - this.now())));
    this.timer.unref();
  }
}

/** A clock that only moves when told to (semantics: clock and scripted backends). */
export class VirtualClock implements Clock {
  readonly mode = 'virtual';

  constructor(private at: Millis = Date.now()) {}

  now(): Millis {
    return this.at;
  }

  wall(): Millis {
    return Date.now();
  }

  wakeAt(): void {
    // Nobody is woken: whoever moves the time processes what falls due.
  }

  /** Moves the time; it never goes back. */
  moveTo(at: Millis): void {
    this.at = Math.max(this.at, at);
  }
}
