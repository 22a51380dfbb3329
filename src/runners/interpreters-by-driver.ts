import type { Backend } from '../kernel/backend/backend.js';
import type { Interpreters, ProcessLog } from '../scheduler/ports.js';

/** Combines the interpreters of all drivers that keep one process per session, and forwards each call to the owner. */
export class InterpretersByDriver implements Interpreters {
  constructor(private readonly drivers: ReadonlyMap<string, Interpreters>) {}

  hasProcess(session: string): boolean {
    return this.all.some((each) => each.hasProcess(session));
  }

  async whenEnded(id: string): Promise<void> {
    await Promise.all(this.all.map((each) => each.whenEnded(id)));
  }

  about(session: string): ReturnType<Interpreters['about']> {
    return this.first((each) => each.about(session));
  }

  progress(job: string): number | null {
    return this.first((each) => each.progress(job));
  }

  async log(id: string, lines?: number): Promise<ProcessLog | null> {
    for (const each of this.all) {
      const log = await each.log(id, lines);
      if (log !== null) return log;
    }
    return null;
  }

  complete(session: string, request: Parameters<Interpreters['complete']>[1]): Promise<string[]> {
    const owner = this.all.find((each) => each.hasProcess(session));
    return owner?.complete(session, request) ?? Promise.resolve([]);
  }

  kindMissing(kind: string, backend: Pick<Backend, 'driver' | 'options'>): string | null {
    return this.drivers.get(backend.driver)?.kindMissing(kind, backend) ?? null;
  }

  private first<T>(query: (each: Interpreters) => T | null): T | null {
    for (const each of this.all) {
      const result = query(each);
      if (result !== null) return result;
    }
    return null;
  }

  private get all(): readonly Interpreters[] {
    return [...this.drivers.values()];
  }
}
