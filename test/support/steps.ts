import { Session, type Profiler } from 'node:inspector';
import { sep } from 'node:path';

const tests = `${sep}test${sep}`;

/**
 * Counts the work of this process in steps: each run of a block of JavaScript between two branches is one step, in the
 * service, its libraries and Node itself. V8 counts them (`Profiler.startPreciseCoverage`), so the same request has the
 * same number of steps on a busy machine. Native code (regular expressions, copying, SQLite) has no steps. Only modules
 * that are loaded later are counted by block, so start before you import the service.
 */
export class Steps {
  private readonly session = new Session();

  begin(): void {
    this.session.connect();
    this.session.post('Profiler.enable');
    this.session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Returns the steps since the last call, without those of tests. */
  async take(): Promise<number> {
    const scripts = await new Promise<Profiler.ScriptCoverage[]>((resolve, reject) =>
      this.session.post('Profiler.takePreciseCoverage', (error, { result }) =>
        error === null ? resolve(result) : reject(error),
      ),
    );
    let steps = 0;
    for (const { url, functions } of scripts) {
      if (url.includes(tests)) continue;
      for (const { ranges } of functions) for (const { count } of ranges) steps += count;
    }
    return steps;
  }

  end(): void {
    this.session.disconnect();
  }
}
