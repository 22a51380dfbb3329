import type { JobRecord } from '../scheduler/ports.js';

/** A record is about a kilobyte. */
const mostKept = 5000;

/**
 * Jobs as they were last read, each until a transaction that changed it has ended: clients ask for the same few jobs ten times
 * a second, and almost always nothing has happened to them. The service is the only writer of its database (see
 * `folder-lock.ts`), so whatever changes a row says so here.
 */
export class JobCache {
  private readonly kept = new Map<string, JobRecord>();
  /** What the open transaction has changed. Until it ends, readers see what was committed before. */
  private readonly changing = new Set<string>();
  private manyChanging = false;
  /** Counts the transactions: what was read before the last one ended may be old. */
  private ended = 0;

  async find(id: string, read: (id: string) => Promise<JobRecord | null>): Promise<JobRecord | null> {
    const known = this.kept.get(id);
    if (known !== undefined) return known;
    const { ended } = this;
    const found = await read(id);
    if (found !== null && ended === this.ended && !this.manyChanging && !this.changing.has(id))
      this.keep(found);
    return found;
  }

  /** The open transaction changes this job. */
  changes(id: string): void {
    this.changing.add(id);
  }

  /** The open transaction changes jobs it does not know one by one. */
  changesMany(): void {
    this.manyChanging = true;
  }

  /** The open transaction was committed or undone; to be said before anyone is told. */
  transactionEnded(): void {
    this.ended += 1;
    if (this.manyChanging) this.kept.clear();
    else for (const id of this.changing) this.kept.delete(id);
    this.manyChanging = false;
    this.changing.clear();
  }

  private keep(job: JobRecord): void {
    const [oldest] = this.kept.keys();
    if (this.kept.size >= mostKept && oldest !== undefined) this.kept.delete(oldest);
    this.kept.set(job.id, job);
  }
}
