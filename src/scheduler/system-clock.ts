import type { Millis } from '../kernel/time.js';
import type { Clock } from './ports.js';

/** A timer counts elapsed time, so check this often whether the computer's clock has jumped ahead. */
const longestTimer: Millis = 10_000;

/**
 * Reads the computer's clock; nothing else does. If that clock is set back, between two readings or two starts, the
 * service's time goes on from where it was, at normal speed: it never goes back, and no deadline comes late.
 */
export class SystemClock implements Clock {
  readonly mode = 'real';
  private timer: NodeJS.Timeout | undefined;
  /** The last time that was read and not computed, and the elapsed time (`performance.now`) at that reading. */
  private known = { at: 0, passed: 0 };

  now(): Millis {
    const wall = Date.now();
    const estimate = this.estimate();
    if (wall <= estimate) return Math.floor(estimate);
    this.known = { at: wall, passed: performance.now() };
    return wall;
  }

  wall(): Millis {
    return Date.now();
  }

  startFrom(at: Millis): void {
    if (at > this.now()) this.known = { at, passed: performance.now() };
  }

  wakeAt(at: Millis, wake: () => void): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (at === Infinity) return;
    const remaining = Math.max(0, at - this.now());
    const look = () => (this.now() < at ? this.wakeAt(at, wake) : wake());
    this.timer = setTimeout(look, Math.min(longestTimer, remaining));
    this.timer.unref();
  }

  private estimate(): number {
    return this.known.at + performance.now() - this.known.passed;
  }
}

/** A clock that moves only on request (semantics: clock and scripted backends). */
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
    // Whoever moves the time applies what is due.
  }

  startFrom(at: Millis): void {
    this.moveTo(at);
  }

  /** Moves the time, never back. */
  moveTo(at: Millis): void {
    this.at = Math.max(this.at, at);
  }
}
