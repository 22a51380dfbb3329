import type { Sql } from './sql.js';

interface Waiting {
  readonly work: () => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export interface WriteHooks {
  /** The last of what a transaction writes, once for all who share it. */
  readonly beforeCommit?: () => Promise<void>;
  /** It was committed or undone; nobody has been told yet. */
  readonly ended?: () => void;
}

/** More than this many in one commit gains nothing and keeps the first one waiting. */
const mostPerCommit = 64;
/** Milliseconds; on a disk whose flushes take longer, others come while one is on its way. */
const longestGathering = 5;
/** So many turns of the event loop without another writer end the gathering: a request takes one from its head to its body. */
const quietTurns = 2;

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * The one door through which SQLite is written. It has one connection and one writer: two transactions begun on it would
 * interleave. So writers queue here, and those that wait together share one transaction and one fsync; each runs in a
 * savepoint, so that a failure undoes only its own work. `BEGIN IMMEDIATE` takes the write lock at once instead of on the
 * first write, where it could fail half-way.
 */
export class WriteQueue {
  private readonly waiting: Waiting[] = [];
  private running = false;
  /** Milliseconds the last commit took: what another one in the same transaction saves. */
  private commitTook = 0;

  constructor(
    private readonly sql: Pick<Sql, 'run'>,
    private readonly hooks: WriteHooks = {},
    private readonly now: () => number = () => performance.now(),
  ) {}

  write<T>(work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
      if (!this.running) {
        this.running = true;
        void this.drain();
      }
    });
  }

  /** Resolves when nothing is being written and nothing waits. */
  async idle(): Promise<void> {
    while (this.running) await nextTurn();
  }

  private async drain(): Promise<void> {
    // On the next turn of the event loop, so that requests read from the sockets in this one share the commit.
    await nextTurn();
    while (this.waiting.length > 0) {
      await this.gather();
      await this.commitTogether(this.waiting.splice(0, mostPerCommit));
      if (this.waiting.length === 0) await nextTurn();
    }
    this.running = false;
  }

  /**
   * Where several write, those whose requests are being read now are waited for: turns in which another one arrives are
   * work that had to be done anyhow, and one commit instead of two saves a flush. One that writes alone does not wait, and
   * nobody waits for longer than a commit takes.
   */
  private async gather(): Promise<void> {
    const until = this.now() + Math.min(this.commitTook, longestGathering);
    let seen = this.waiting.length;
    for (let quiet = 0; quiet < quietTurns && seen > 1 && seen < mostPerCommit && this.now() < until;) {
      await nextTurn();
      quiet = this.waiting.length > seen ? 0 : quiet + 1;
      seen = this.waiting.length;
    }
  }

  private async commitTogether(batch: Waiting[]): Promise<void> {
    const done: { waiting: Waiting; value: unknown }[] = [];
    try {
      await this.sql.run('BEGIN IMMEDIATE');
      for (const waiting of batch) {
        await this.sql.run('SAVEPOINT one');
        try {
          const value = await waiting.work();
          await this.sql.run('RELEASE one');
          done.push({ waiting, value });
        } catch (error) {
          // SQLite undoes the whole transaction where the disk is full: no savepoint is left, and the first error says why.
          await this.sql.run('ROLLBACK TO one').catch(() => Promise.reject(error as Error));
          await this.sql.run('RELEASE one');
          waiting.reject(error);
        }
      }
      if (done.length > 0) await this.hooks.beforeCommit?.();
      const committing = this.now();
      await this.sql.run('COMMIT');
      this.commitTook = this.now() - committing;
    } catch (error) {
      await this.sql.run('ROLLBACK').catch(() => undefined);
      this.hooks.ended?.();
      // Rejecting one that was rejected before is harmless; those that had worked were not committed.
      for (const { reject } of batch) reject(error);
      return;
    }
    this.hooks.ended?.();
    for (const { waiting, value } of done) waiting.resolve(value);
  }
}
