import type { JobRecord } from '../../scheduler/ports.js';
import type { JobMemory, ReadJob } from '../../scheduler/process-memory.ports.js';

/** Each of two generations: what is asked for again before another so many were read stays. */
const mostPerGeneration = 2500;
/** Characters of the row's texts. A record is about a kilobyte; what a client or a worker made large is read each time. */
const largestKept = 8192;

/**
 * Jobs as they were last read, each until a transaction that changed it has ended: clients ask for the same few jobs ten times
 * a second, and almost always nothing has happened to them. The service is the only writer of its database (see
 * `folder-lock.ts`), so whatever changes a row says so here.
 */
export class JobCache implements JobMemory {
  private young = new Map<string, JobRecord>();
  private old = new Map<string, JobRecord>();
  /** What the open transaction has changed. Until it ends, readers see what was committed before. */
  private readonly changing = new Set<string>();
  private manyChanging = false;
  /** Counts the transactions: what was read before the last one ended may be old. */
  private ended = 0;

  async find(id: string, read: (id: string) => Promise<ReadJob | null>): Promise<JobRecord | null> {
    const known = this.young.get(id);
    if (known !== undefined) return known;
    const older = this.old.get(id);
    if (older !== undefined) return this.keep(older);
    const { ended } = this;
    const found = await read(id);
    if (found === null) return null;
    return ended === this.ended && found.size <= largestKept ? this.keep(found.job) : found.job;
  }

  changes(id: string): void {
    this.changing.add(id);
  }

  changesMany(): void {
    this.manyChanging = true;
  }

  transactionEnded(): void {
    this.ended += 1;
    for (const kept of [this.young, this.old]) {
      if (this.manyChanging) kept.clear();
      else for (const id of this.changing) kept.delete(id);
    }
    this.manyChanging = false;
    this.changing.clear();
  }

  private keep(job: JobRecord): JobRecord {
    if (this.young.size >= mostPerGeneration) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(job.id, job);
    return job;
  }
}
