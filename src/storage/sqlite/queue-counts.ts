import type { InstanceQueue, QueueMemory } from '../../scheduler/process-memory.ports.js';
import { UntilChange } from './until-change.js';

interface Kept {
  readonly queues: readonly InstanceQueue[];
  /** Until when the counts are used, in milliseconds on the clock `now`. */
  readonly until: number;
}

/** A queue up to this length is counted again after any change, which takes a millisecond. */
const countedAlways = 10_000;
/** Counting a longer queue takes at most one part in so many of the elapsed time. */
const parts = 20;

/**
 * Caches the lengths of queues. Counting a queue takes time in proportion to its length, and clients that wait ask
 * again and again. The counts of a long queue are reused for twenty times as long as counting took, so that a place in
 * a queue of a million jobs is a few seconds old.
 */
export class QueueCounts implements QueueMemory {
  private readonly kept = new Map<string, Kept>();
  private readonly short = new UntilChange<readonly InstanceQueue[]>();
  private readonly earlier = new UntilChange<number>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  async of(
    { backend, queued, asker }: { backend: string; queued: number; asker: string },
    count: () => Promise<readonly InstanceQueue[]>,
  ): Promise<readonly InstanceQueue[]> {
    if (queued <= countedAlways) return this.short.of(backend, count);
    const known = this.kept.get(backend);
    const startedAt = this.now();
    const isKnown = known?.queues.some(({ instance }) => instance === asker) ?? false;
    if (known !== undefined && isKnown && startedAt < known.until) return known.queues;
    const queues = await count();
    const now = this.now();
    this.kept.set(backend, { queues, until: now + parts * (now - startedAt) });
    return queues;
  }

  before(question: readonly (string | number)[], count: () => Promise<number>): Promise<number> {
    return this.earlier.of(question.join(' '), count);
  }

  changed(): void {
    this.short.changed();
    this.earlier.changed();
  }
}
