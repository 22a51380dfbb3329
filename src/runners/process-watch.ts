import { activityOf, isStopped } from './process-table.js';

/** A limit is reached after so many looks in a row. */
const looksPerLimit = 5;

/**
 * Looks at a process again and again, and tells when it has been stopped, or has done nothing, for too long. It counts looks
 * and not time: while the service itself is stopped or the machine asleep nobody looks, and a process that is continued
 * together with the service has done nothing wrong.
 *
 * The system's own record is asked because nothing inside the process can be relied on: a Python thread waits for the lock
 * that native code holds. Where there is no /proc nothing is found.
 */
export class ProcessWatch {
  private timer: NodeJS.Timeout | undefined;
  private stopped = 0;
  private stalled = 0;
  private ticks: number | null = null;
  private stalledAfter: number | null = null;
  private every = 0;

  /**
   * @param pids the process, and those of its children that it cannot work without
   * @param stoppedAfter milliseconds that one of them may be stopped
   * @param onDead told once, with the reason as a clause that begins with "its process"
   */
  constructor(
    private readonly pids: () => readonly number[],
    private readonly stoppedAfter: number,
    private readonly onDead: (why: string) => void,
  ) {
    this.look(stoppedAfter);
  }

  /** From now on the process computes: without processor time for so many milliseconds it is hung. Null: it may wait. */
  expectWork(stalledAfter: number | null): void {
    this.stalledAfter = stalledAfter;
    this.stalled = 0;
    this.ticks = null;
    this.look(Math.min(this.stoppedAfter, stalledAfter ?? Infinity));
  }

  end(): void {
    clearInterval(this.timer);
  }

  private look(limit: number): void {
    const every = limit / looksPerLimit;
    if (every === this.every) return;
    this.end();
    this.every = every;
    this.stopped = 0;
    this.timer = setInterval(() => this.judge(), every).unref();
  }

  private judge(): void {
    const { every, stoppedAfter, stalledAfter } = this;
    this.stopped = this.pids().some(isStopped) ? this.stopped + 1 : 0;
    // The first look that finds it stopped is the beginning of that time.
    if ((this.stopped - 1) * every >= stoppedAfter)
      return this.tell(`its process was stopped and gave no sign of life for ${stoppedAfter / 1000} s`);
    if (stalledAfter === null || this.stopped > 0) return;
    this.stalled = this.hasWorked() ? 0 : this.stalled + 1;
    if (this.stalled * every >= stalledAfter)
      this.tell(`its process used no processor time for ${stalledAfter / 1000} s`);
  }

  private hasWorked(): boolean {
    const [pid] = this.pids();
    const activity = pid === undefined ? null : activityOf(pid);
    if (activity === null) return true;
    const { ticks, wantsProcessor } = activity;
    const same = ticks === this.ticks;
    this.ticks = ticks;
    // One that waits for its turn on a busy machine is not hung.
    return !same || wantsProcessor;
  }

  private tell(why: string): void {
    this.end();
    this.onDead(why);
  }
}
