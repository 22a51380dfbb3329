import type { InstanceQueue, QueueMemory } from '../../scheduler/process-memory.ports.js';
import { UntilChange } from './until-change.js';

interface CachedCounts {
  readonly queues: readonly InstanceQueue[];
  /** Until when the counts are used, in milliseconds on the clock `now`. */
  readonly until: number;
}

/** A queue up to this length is counted again after any change, which takes a millisecond. */
const shortQueue = 10_000;
/** Counting a longer queue takes at most one part in so many of the elapsed time. */
const reuseFactor = 20;

/**
 * Caches the lengths of queues. Counting a queue takes time in proportion to its length, and clients that wait ask
 * again and again. The counts of a long queue are reused for twenty times as long as counting took, so that a place in
 * a queue of a million jobs is a few seconds old.
 */
export class QueueCounts implements QueueMemory {
  private readonly longQueues = new Map<string, CachedCounts>();
  private readonly shortQueues = new UntilChange<readonly InstanceQueue[]>();
  private readonly earlierJobs = new UntilChange<number>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  async countsOf(
    { backend, queued, requester }: { backend: string; queued: number; requester: string },
    count: () => Promise<readonly InstanceQueue[]>,
  ): Promise<readonly InstanceQueue[]> {
    if (queued <= shortQueue) return this.shortQueues.of(backend, count);
    const cached = this.longQueues.get(backend);
    const startedAt = this.now();
    const isKnown = cached?.queues.some(({ instance }) => instance === requester) ?? false;
    if (cached !== undefined && isKnown && startedAt < cached.until) return cached.queues;
    const queues = await count();
    const now = this.now();
    this.longQueues.set(backend, { queues, until: now + reuseFactor * (now - startedAt) });
    return queues;
  }

  countBefore(question: readonly (string | number)[], count: () => Promise<number>): Promise<number> {
    return this.earlierJobs.of(question.join(' '), count);
  }

  invalidate(): void {
    this.shortQueues.changed();
    this.earlierJobs.changed();
  }
}
