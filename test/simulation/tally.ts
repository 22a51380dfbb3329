import type { RunResult } from './run.js';

export type Done = Pick<RunResult, 'steps' | 'jobs' | 'sessions' | 'restarts'> & {
  readonly seed: number;
  /** Job starts that were estimated correctly. */
  readonly foretold: number;
};

/** Sums of all workers so far. */
export class Tally {
  steps = 0;
  private readonly begun = performance.now();
  private readonly total = { seeds: 0, jobs: 0, sessions: 0, restarts: 0, foretold: 0 };

  constructor(private readonly seeds: number) {}

  add({ steps, jobs, sessions, restarts, foretold }: Done): void {
    this.steps += steps;
    this.total.seeds += 1;
    this.total.jobs += jobs;
    this.total.sessions += sessions;
    this.total.restarts += restarts;
    this.total.foretold += foretold;
  }

  /** Prints the sums after every tenth seed and the last. */
  print(): void {
    const { seeds, jobs, sessions, restarts, foretold } = this.total;
    if (seeds % 10 !== 0 && seeds !== this.seeds) return;
    const passed = (performance.now() - this.begun) / 1000;
    console.log(
      `${seeds} of ${this.seeds} seeds: ${this.steps} steps, ${jobs} jobs, ${sessions} sessions, ${restarts} restarts, ${foretold === 0 ? '' : `${foretold} starts foretold, `}` +
        `${Math.round(passed)} s, ${Math.round(this.steps / passed)} steps/s; every law held`,
    );
  }
}
