import { Inject, Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Refusal } from '../kernel/refusal.js';
import type { Millis } from '../kernel/time.js';
import { Commands } from './commands.service.js';
import { CLOCK, type Clock } from './ports.js';
import { VirtualClock } from './system-clock.js';

/**
 * How often the service stores that it is alive: a crash may charge this much too much (semantics: service restart).
 */
const heartbeat: Millis = 1000;

/** The service's time. A virtual clock can be advanced. */
@Injectable()
export class ClockService {
  private moving: Promise<unknown> = Promise.resolve();

  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly commands: Commands,
  ) {}

  get mode(): Clock['mode'] {
    return this.clock.mode;
  }

  now(): Millis {
    return this.clock.now();
  }

  /**
   * Advances a virtual clock by `by`. It stops at each deadline on the way, so that the deadline takes effect at its
   * own time. Returns the new time once nothing is due any more.
   */
  advance(by: Millis): Promise<Millis> {
    const { clock } = this;
    if (!(clock instanceof VirtualClock)) throw new Refusal('wrong_clock', {});
    // Advances run one after the other: two at once would stop at each other's deadlines.
    const advance = this.moving.then(async () => {
      const target = clock.now() + by;
      while (this.commands.nextDeadlineAt <= target) {
        clock.moveTo(this.commands.nextDeadlineAt);
        await this.commands.tick();
      }
      clock.moveTo(target);
      await this.commands.tick();
      return clock.now();
    });
    this.moving = advance.catch(() => undefined);
    return advance;
  }

  /** Stores that the service is alive while something is charged, so that a crash can be dated. */
  @Interval(heartbeat)
  async beat(): Promise<void> {
    if (this.clock.mode === 'real' && (await this.commands.isAccruing())) await this.commands.tick();
  }

  /** Stores that the service is alive, as the last step of an orderly stop: it is down only from then on. */
  stop(): Promise<void> {
    return this.commands.noteAlive();
  }
}
