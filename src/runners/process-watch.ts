import { activityOf, isStopped } from './process-table.js';

/** The number of consecutive checks that make up a time limit. */
const checksPerLimit = 5;

/**
 * Checks a process periodically, and reports it if it was stopped or used no processor time for too long. Counts checks
 * rather than time: while the service is stopped or the machine sleeps there are no checks, so a process that was
 * suspended together with the service is not reported.
 *
 * Reads /proc, because a heartbeat from inside the process would be unreliable: a Python thread waits for the lock that
 * native code holds. Without /proc the watch reports nothing.
 */
export class ProcessWatch {
  private timer: NodeJS.Timeout | undefined;
  private stopped = 0;
  private stalled = 0;
  private ticks: number | null = null;
  private stalledAfter: number | null = null;
  private every = 0;

  /**
   * @param pids the process, and the children that it cannot work without
   * @param stoppedAfter milliseconds that one of them may stay stopped
   * @param onDead called once, with the reason as a clause that starts with "its process"
   */
  constructor(
    private readonly pids: () => readonly number[],
    private readonly stoppedAfter: number,
    private readonly onDead: (why: string) => void,
  ) {
    this.schedule(stoppedAfter);
  }

  /** From now on the process counts as hung after so many milliseconds without processor time; null means never. */
  expectWork(stalledAfter: number | null): void {
    this.stalledAfter = stalledAfter;
    this.stalled = 0;
    this.ticks = null;
    this.schedule(Math.min(this.stoppedAfter, stalledAfter ?? Infinity));
  }

  end(): void {
    clearInterval(this.timer);
  }

  private schedule(limit: number): void {
    const every = limit / checksPerLimit;
    if (every === this.every) return;
    this.end();
    this.every = every;
    this.stopped = 0;
    this.timer = setInterval(() => this.check(), every).unref();
  }

  private check(): void {
    const { every, stoppedAfter, stalledAfter } = this;
    this.stopped = this.pids().some(isStopped) ? this.stopped + 1 : 0;
    // The time starts with the first check that finds a stopped process.
    if ((this.stopped - 1) * every >= stoppedAfter)
      return this.report(`its process was stopped and gave no sign of life for ${stoppedAfter / 1000} s`);
    if (stalledAfter === null || this.stopped > 0) return;
    this.stalled = this.hasWorked() ? 0 : this.stalled + 1;
    if (this.stalled * every >= stalledAfter)
      this.report(`its process used no processor time for ${stalledAfter / 1000} s`);
  }

  private hasWorked(): boolean {
    const [pid] = this.pids();
    const activity = pid === undefined ? null : activityOf(pid);
    if (activity === null) return true;
    const { ticks, wantsProcessor } = activity;
    const isUnchanged = ticks === this.ticks;
    this.ticks = ticks;
    // A process that waits for a processor on a busy machine is not hung.
    return !isUnchanged || wantsProcessor;
  }

  private report(why: string): void {
    this.end();
    this.onDead(why);
  }
}
