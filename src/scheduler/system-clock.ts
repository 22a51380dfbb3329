import type { Millis } from '../kernel/time.js';
import type { Clock } from './ports.js';

/** A timer counts time that passes; whether the computer's clock has jumped ahead meanwhile is looked at this often. */
const longestTimer: Millis = 10_000;

/**
 * The computer's clock, and the only place that reads it. Where that is set back, between two readings or two starts, the
 * time goes on from where it was, as fast as time passes: nothing is younger than it was, and no deadline comes late.
 */
export class SystemClock implements Clock {
  readonly mode = 'real';
  private timer: NodeJS.Timeout | undefined;
  /** The latest time that was not our own reckoning, and when that was. */
  private known = { at: 0, passed: 0 };

  now(): Millis {
    const wall = Date.now();
    const reckoned = this.reckoned();
    if (wall <= reckoned) return Math.floor(reckoned);
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
    const left = Math.max(0, at - this.now());
    const look = () => (this.now() < at ? this.wakeAt(at, wake) : wake());
    this.timer = setTimeout(look, Math.min(longestTimer, left));
    this.timer.unref();
  }

  private reckoned(): number {
    return this.known.at + performance.now() - this.known.passed;
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

  startFrom(at: Millis): void {
    this.moveTo(at);
  }

  /** Moves the time; it never goes back. */
  moveTo(at: Millis): void {
    this.at = Math.max(this.at, at);
  }
}
