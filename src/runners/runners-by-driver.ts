import type { RunnerListener, Runners, Task } from '../scheduler/ports.js';

/**
 * Combines the runners of all drivers. If a driver has several, a program runs on the first that has it. A stop or kill
 * goes to the runners that started the attempt. An unknown attempt is reported as lost by the first runners of all.
 */
export class RunnersByDriver implements Runners {
  private readonly started = new Map<string, Runners>();

  private readonly drivers: ReadonlyMap<string, readonly Runners[]>;

  constructor(drivers: Readonly<Record<string, Runners | readonly Runners[]>>) {
    // Use a map, because client-supplied names must not find inherited members of an object.
    this.drivers = new Map(Object.entries(drivers).map(([name, runners]) => [name, [runners].flat()]));
  }

  listen(listener: RunnerListener): void {
    const forwarding: RunnerListener = {
      attemptEnded: async (job, token, answer) => {
        await listener.attemptEnded(job, token, answer);
        this.started.delete(token);
      },
      logged: (job, token, level, text) => listener.logged(job, token, level, text),
      lastAttempt: (job, token) => listener.lastAttempt(job, token),
      processEnded: async (end) => {
        await listener.processEnded(end);
        if (end.running !== null) this.started.delete(end.running.token);
      },
      runChange: (change) => listener.runChange(change),
    };
    for (const runners of this.all) runners.listen(forwarding);
  }

  programs(driver: string): readonly string[] | null {
    const runners = this.drivers.get(driver);
    return runners === undefined
      ? null
      : [...new Set(runners.flatMap((each) => each.programs(driver) ?? []))];
  }

  async learnPrograms(driver: string): Promise<void> {
    await Promise.all(this.of(driver).map((runners) => runners.learnPrograms(driver)));
  }

  unavailable(driver: string): string | null {
    return (
      this.of(driver)
        .map((runners) => runners.unavailable(driver))
        .find((why) => why !== null) ?? null
    );
  }

  isRepeatable(program: string): boolean {
    return this.all.every((runners) => runners.isRepeatable(program));
  }

  start(task: Task): void {
    const { driver } = task.backend;
    const [first, ...others] = this.of(driver);
    const has = (runners: Runners) => runners.programs(driver)?.includes(task.program) ?? false;
    const runners = first === undefined ? this.any : ([first, ...others].find(has) ?? first);
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

  private of(driver: string): readonly Runners[] {
    return this.drivers.get(driver) ?? [];
  }

  private get all(): Runners[] {
    return [...new Set([...this.drivers.values()].flat())];
  }

  private get any(): Runners {
    const [first] = this.all;
    if (first === undefined) throw new Error('There are no runners.');
    return first;
  }
}
