import { Inject, Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Refusal } from '../kernel/refusal.js';
import type { Millis } from '../kernel/time.js';
import { Commands } from './commands.service.js';
import { CLOCK, type Clock } from './ports.js';
import { VirtualClock } from './system-clock.js';

/** How closely it is known when the service was last alive: what a crash may charge too much (semantics: service restart). */
const heartbeat: Millis = 1000;

/** The service's time, and moving it where it is virtual. */
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
   * Moves a virtual clock by `by`, stopping at everything that falls due on the way so that its consequences happen at
   * that moment. Answers the new time once the service is quiet.
   */
  advance(by: Millis): Promise<Millis> {
    const { clock } = this;
    if (!(clock instanceof VirtualClock)) throw new Refusal('wrong_clock', {});
    // Two advances at once would each stop at the other's moments.
    const moved = this.moving.then(async () => {
      const target = clock.now() + by;
      while (this.commands.nextDue <= target) {
        clock.moveTo(this.commands.nextDue);
        await this.commands.tick();
      }
      clock.moveTo(target);
      await this.commands.tick();
      return clock.now();
    });
    this.moving = moved.catch(() => undefined);
    return moved;
  }

  /** Notes that the service is alive while something is charged, because that is what a crash would have to be charged by. */
  @Interval(heartbeat)
  async beat(): Promise<void> {
    if (this.clock.mode === 'real' && (await this.commands.isAccruing())) await this.commands.tick();
  }

  /** The last thing before an orderly stop: the service is down from now on and was not before. */
  stop(): Promise<void> {
    return this.commands.noteAlive();
  }
}
