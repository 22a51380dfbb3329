import type { InstanceQueue, QueueMemory } from '../../scheduler/process-memory.ports.js';
import { UntilChange } from './until-change.js';

interface CachedCounts {
  readonly queues: readonly InstanceQueue[];
  /** Until when the counts are used, in milliseconds on the clock `now`. */
  readonly until: number;
}

/** A queue up to this length is counted again after any change, which takes a millisecond. */
const shortQueue = 10_000;
/** The counts of a longer queue are reused for this many times the duration of the count. */
const reuseFactor = 20;

/**
 * Caches the lengths of queues, because counting takes time in proportion to the length and waiting clients poll. A
 * place in a queue of a million jobs may therefore be a few seconds old.
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
