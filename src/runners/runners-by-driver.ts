import type { RunnerListener, Runners, Task } from '../scheduler/ports.js';

/**
 * Each driver has runners of its own, in an environment of its own. A stop or a kill goes where the attempt was started;
 * one that nobody started is answered as lost by the first of them.
 */
export class RunnersByDriver implements Runners {
  private readonly started = new Map<string, Runners>();

  private readonly drivers: ReadonlyMap<string, Runners>;

  constructor(drivers: Readonly<Record<string, Runners>>) {
    // A driver is named by whoever asks: no name may find what every object has.
    this.drivers = new Map(Object.entries(drivers));
  }

  listen(listener: RunnerListener): void {
    const heard: RunnerListener = {
      answered: async (job, token, answer) => {
        await listener.answered(job, token, answer);
        this.started.delete(token);
      },
      logged: (job, token, level, text) => listener.logged(job, token, level, text),
      lastAttempt: (job, token) => listener.lastAttempt(job, token),
      ended: async (end) => {
        await listener.ended(end);
        if (end.running !== null) this.started.delete(end.running.token);
      },
    };
    for (const runners of this.all) runners.listen(heard);
  }

  programs(driver: string): readonly string[] | null {
    return this.drivers.get(driver)?.programs(driver) ?? null;
  }

  unavailable(driver: string): string | null {
    return this.drivers.get(driver)?.unavailable(driver) ?? null;
  }

  isRepeatable(program: string): boolean {
    return this.all.every((runners) => runners.isRepeatable(program));
  }

  keepsProcess(driver: string): boolean {
    return this.drivers.get(driver)?.keepsProcess(driver) ?? false;
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

  release(session: string): void {
    for (const runners of this.all) runners.release(session);
  }

  survivors(): ReadonlySet<string> {
    return new Set(this.all.flatMap((runners) => [...runners.survivors()]));
  }

  private get all(): Runners[] {
    return [...new Set(this.drivers.values())];
  }

  private get any(): Runners {
    const [first] = this.all;
    if (first === undefined) throw new Error('There are no runners.');
    return first;
  }
}
