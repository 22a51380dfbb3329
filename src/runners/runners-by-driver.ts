import type { RunnerListener, Runners, Task } from '../scheduler/ports.js';

/**
 * Each driver has runners of its own, in an environment of its own. A stop or a kill goes where the attempt was started;
 * one that nobody started is answered as lost by the first of them.
 */
export class RunnersByDriver implements Runners {
  private readonly started = new Map<string, Runners>();

  constructor(private readonly drivers: ReadonlyMap<string, Runners>) {}

  listen(listener: RunnerListener): void {
    const heard: RunnerListener = {
      answered: async (job, token, answer) => {
        await listener.answered(job, token, answer);
        this.started.delete(token);
      },
      logged: (job, token, level, text) => listener.logged(job, token, level, text),
      lastAttempt: (job, token) => listener.lastAttempt(job, token),
    };
    for (const runners of new Set(this.drivers.values())) runners.listen(heard);
  }

  programs(driver: string): readonly string[] | null {
    return this.drivers.get(driver)?.programs(driver) ?? null;
  }

  isRepeatable(program: string): boolean {
    return [...this.drivers.values()].every((runners) => runners.isRepeatable(program));
  }

  unavailable(driver: string): string | null {
    return this.drivers.get(driver)?.unavailable(driver) ?? null;
  }

  start(task: Task): void {
    const runners = this.drivers.get(task.backend.driver) ?? this.any;
    this.started.set(task.token, runners);
    runners.start(task);
  }

  stop(job: string, token: string): void {
    (this.started.get(token) ?? this.any).stop(job, token);
  }

  kill(job: string, token: string): void {
    (this.started.get(token) ?? this.any).kill(job, token);
  }

  private get any(): Runners {
    const [first] = this.drivers.values();
    if (first === undefined) throw new Error('There are no runners.');
    return first;
  }
}
