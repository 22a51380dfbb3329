import type { JobRecord } from '../../scheduler/ports.js';
import type { JobMemory, ReadJob } from '../../scheduler/process-memory.ports.js';

/** The most jobs in each of the two generations. A job stays if it is read again before its generation is replaced. */
const maxPerGeneration = 2500;
/** The largest cached row, in characters of text. A record has about a thousand; larger ones are not cached. */
const maxCachedSize = 8192;

/**
 * Caches jobs as last read, each until a transaction that changed it has ended. Clients request the same few jobs ten
 * times a second, usually unchanged. The service is the only writer of its database (see `folder-lock.ts`), so each
 * change of a row is reported here.
 */
export class JobCache implements JobMemory {
  private young = new Map<string, JobRecord>();
  private old = new Map<string, JobRecord>();
  /** Jobs changed by the open transaction. Until it ends, readers see the committed rows. */
  private readonly changedJobs = new Set<string>();
  private manyChanged = false;
  /** Number of ended transactions. A row read before the latest one ended may be outdated. */
  private endedTransactions = 0;

  async find(id: string, read: (id: string) => Promise<ReadJob | null>): Promise<JobRecord | null> {
    const known = this.young.get(id);
    if (known !== undefined) return known;
    const older = this.old.get(id);
    if (older !== undefined) return this.cacheJob(older);
    const endedBefore = this.endedTransactions;
    const row = await read(id);
    if (row === null) return null;
    return endedBefore === this.endedTransactions && row.size <= maxCachedSize
      ? this.cacheJob(row.job)
      : row.job;
  }

  markChanged(id: string): void {
    this.changedJobs.add(id);
  }

  markManyChanged(): void {
    this.manyChanged = true;
  }

  transactionEnded(): void {
    this.endedTransactions += 1;
    for (const generation of [this.young, this.old]) {
      if (this.manyChanged) generation.clear();
      else for (const id of this.changedJobs) generation.delete(id);
    }
    this.manyChanged = false;
    this.changedJobs.clear();
  }

  private cacheJob(job: JobRecord): JobRecord {
    if (this.young.size >= maxPerGeneration) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(job.id, job);
    return job;
  }
}
