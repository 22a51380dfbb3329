import type { Sql } from './sql.js';

interface Waiting {
  readonly work: () => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export interface WriteHooks {
  /** Runs the last writes of a transaction, once for all writers that share it. */
  readonly beforeCommit?: () => Promise<void>;
  /** Called after the commit or rollback, before any writer is notified. */
  readonly onEnd?: () => void;
}

/** The most writers in one commit. More would gain nothing and delay the first one. */
const maxPerCommit = 64;
/** The longest time to gather writers, in milliseconds. During longer commits writers gather anyway. */
const maxGatherTime = 5;
/** Gathering ends after so many event-loop turns without a new writer: reading a request's body takes one turn. */
const quietTurns = 2;

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * Serializes all writes to SQLite. Two transactions on its one connection would interleave, so writers queue here.
 * Those that wait together share one transaction and one fsync, and each runs in a savepoint, so that a failure rolls
 * back only its own work. `BEGIN IMMEDIATE` takes the write lock at once, because taking it on the first write could
 * fail half-way.
 */
export class WriteQueue {
  private readonly waiting: Waiting[] = [];
  private running = false;
  /** Duration of the last commit in milliseconds, which is what sharing a transaction saves. */
  private commitDuration = 0;

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

  /** Resolves when no write is running or waiting. */
  async idle(): Promise<void> {
    while (this.running) await nextTurn();
  }

  private async drain(): Promise<void> {
    // Wait one turn of the event loop, so that requests read from sockets in this turn share the commit.
    await nextTurn();
    while (this.waiting.length > 0) {
      await this.gather();
      await this.commitTogether(this.waiting.splice(0, maxPerCommit));
      if (this.waiting.length === 0) await nextTurn();
    }
    this.running = false;
  }

  /**
   * Waits for requests that are being read now, if more than one writer waits: they must be read anyway, and sharing a
   * commit saves a flush. A lone writer does not wait, and no writer waits longer than a commit takes.
   */
  private async gather(): Promise<void> {
    const until = this.now() + Math.min(this.commitDuration, maxGatherTime);
    let seen = this.waiting.length;
    for (let quiet = 0; quiet < quietTurns && seen > 1 && seen < maxPerCommit && this.now() < until;) {
      await nextTurn();
      quiet = this.waiting.length > seen ? 0 : quiet + 1;
      seen = this.waiting.length;
    }
  }

  private async commitTogether(batch: Waiting[]): Promise<void> {
    const succeeded: { waiting: Waiting; value: unknown }[] = [];
    try {
      await this.sql.run('BEGIN IMMEDIATE');
      for (const waiting of batch) {
        await this.sql.run('SAVEPOINT one');
        try {
          const value = await waiting.work();
          await this.sql.run('RELEASE one');
          succeeded.push({ waiting, value });
        } catch (error) {
          // With a full disk SQLite rolls back the whole transaction and its savepoints, and the first error says why.
          await this.sql.run('ROLLBACK TO one').catch(() => Promise.reject(error as Error));
          await this.sql.run('RELEASE one');
          waiting.reject(error);
        }
      }
      if (succeeded.length > 0) await this.hooks.beforeCommit?.();
      const committing = this.now();
      await this.sql.run('COMMIT');
      this.commitDuration = this.now() - committing;
    } catch (error) {
      await this.sql.run('ROLLBACK').catch(() => undefined);
      this.hooks.onEnd?.();
      // Rejecting a promise again is harmless; the writers that succeeded were not committed either.
      for (const { reject } of batch) reject(error);
      return;
    }
    this.hooks.onEnd?.();
    for (const { waiting, value } of succeeded) waiting.resolve(value);
  }
}
