import type { DeferredWork } from './process-memory.ports.js';

/**
 * What a unit of work must still do before the commit: backends to dispatch and budgets to review. It can defer all of
 * this to a later unit of work.
 */
export class PendingWork {
  private readonly backends = new Set<string>();
  private readonly instances = new Set<string>();
  private readonly refunded = new Set<string>();

  constructor(private readonly deferred: DeferredWork) {}

  /** Records a change on this backend, so that its next jobs are chosen again. */
  addBackend(backend: string): void {
    this.backends.add(backend);
  }

  /** Records that this instance is charged at another rate from now on, so its budget runs out at another time. */
  addInstance(instance: string): void {
    this.instances.add(instance);
  }

  /** Records an instance refunded for a lost attempt: its budget may have room again. */
  addRefunded(instance: string): void {
    this.refunded.add(instance);
  }

  /** Drops a backend that has just been dispatched: the starts themselves need no second choice. */
  removeBackend(backend: string): void {
    this.backends.delete(backend);
  }

  get hasBackends(): boolean {
    return this.backends.size > 0;
  }

  takeBackends(): string[] {
    return take(this.backends);
  }

  takeInstances(): string[] {
    return take(this.instances);
  }

  takeRefunded(): string[] {
    return take(this.refunded);
  }

  /** Defers everything to the unit of work that applies the last deadline now due. */
  defer(): void {
    const { deferred } = this;
    for (const backend of this.takeBackends()) deferred.backends.add(backend);
    for (const instance of this.takeInstances()) deferred.instances.add(instance);
    for (const instance of this.takeRefunded()) deferred.refunded.add(instance);
    deferred.times += 1;
  }

  /**
   * Adds what earlier units of work deferred. Returns a function that clears the deferred work, to be called after the
   * commit: if this transaction is rolled back, the work stays deferred.
   */
  addDeferred(): () => void {
    const { deferred } = this;
    const { times } = deferred;
    for (const backend of deferred.backends) this.backends.add(backend);
    for (const instance of deferred.instances) this.instances.add(instance);
    for (const instance of deferred.refunded) this.refunded.add(instance);
    return () => {
      // Another unit of work in the same commit has deferred more since.
      if (deferred.times !== times) return;
      deferred.backends.clear();
      deferred.instances.clear();
      deferred.refunded.clear();
    };
  }
}

function take(set: Set<string>): string[] {
  const all = [...set];
  set.clear();
  return all;
}
