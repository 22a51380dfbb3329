import type { Millis } from '../kernel/time.js';
import type { DueMemory } from './process-memory.ports.js';

export class DueWatch implements DueMemory {
  next: Millis = -Infinity;
  readonly left = {
    backends: new Set<string>(),
    instances: new Set<string>(),
    refunded: new Set<string>(),
    times: 0,
  };

  note(at: Millis | undefined): void {
    if (at !== undefined && at < this.next) this.next = at;
  }
}

/** What a transaction has still to look at before it ends, and what is to happen once it has. */
export abstract class Agenda {
  /** Run once the transaction is durable, before the effects. */
  readonly committed: (() => void)[] = [];
  /** Run when the transaction failed, or nobody can tell whether it did. */
  readonly failed: (() => void)[] = [];
  protected readonly touched = new Set<string>();
  protected readonly accruing = new Set<string>();
  protected readonly refunded = new Set<string>();

  constructor(protected readonly watch: DueMemory) {}

  afterCommit(run: () => void): void {
    this.committed.push(run);
  }

  afterFailure(run: () => void): void {
    this.failed.push(run);
  }

  /** Something changed on this backend: the choice is asked again. */
  touch(backend: string): void {
    this.touched.add(backend);
  }

  takeTouched(): string[] {
    const all = [...this.touched];
    this.touched.clear();
    return all;
  }

  /** Instances that begin or cease to be charged for something: their budgets run out at another moment. */
  takeAccruing(): string[] {
    const all = [...this.accruing];
    this.accruing.clear();
    return all;
  }

  /** Instances that an attempt was taken off again: there may be room in their budgets. */
  takeRefunded(): string[] {
    const all = [...this.refunded];
    this.refunded.clear();
    return all;
  }

  /** Not all that is due could be applied here: who is next is for the transaction that applies the last of it. */
  postpone(): void {
    const { left } = this.watch;
    for (const backend of this.takeTouched()) left.backends.add(backend);
    for (const instance of this.takeAccruing()) left.instances.add(instance);
    for (const instance of this.takeRefunded()) left.refunded.add(instance);
    left.times += 1;
  }

  /** Takes over what was postponed; what is undone here stays so. */
  takeUp(): void {
    const { left } = this.watch;
    const { times } = left;
    if (left.backends.size + left.instances.size + left.refunded.size === 0) return;
    for (const backend of left.backends) this.touched.add(backend);
    for (const instance of left.instances) this.accruing.add(instance);
    for (const instance of left.refunded) this.refunded.add(instance);
    this.afterCommit(() => {
      if (left.times !== times) return;
      left.backends.clear();
      left.instances.clear();
      left.refunded.clear();
    });
  }

  get isTouched(): boolean {
    return this.touched.size > 0;
  }

  /** The choice has just been made: what its own starts touched needs no second look. */
  forget(backend: string): void {
    this.touched.delete(backend);
  }
}
