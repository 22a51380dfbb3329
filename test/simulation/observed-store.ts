import type { Backend } from '../../src/kernel/backend/backend.js';
import type { Choice, Snapshot } from '../../src/kernel/choice/snapshot.js';
import type { Job } from '../../src/kernel/job/job.js';
import type { Session } from '../../src/kernel/session/session.js';
import type { Millis } from '../../src/kernel/time.js';
import type { LedgerEntry } from '../../src/kernel/usage/usage.js';
import type { Store, Tx } from '../../src/scheduler/ports.js';
import type { Committed } from './connection.js';

/** A change in a transaction that a law checks. Changes are in the order in which they were made. */
export type Change =
  | { readonly of: 'session'; readonly session: Session }
  | { readonly of: 'job'; readonly job: Job }
  | {
      readonly of: 'queuedOf';
      readonly session: string;
      readonly how: Pick<Job, 'state' | 'reason' | 'endCode'>;
      readonly at: Millis;
    }
  | { readonly of: 'removed'; readonly job: string }
  | { readonly of: 'backend'; readonly backend: Backend }
  | { readonly of: 'counted'; readonly backend: string; readonly change: number }
  | { readonly of: 'reserved'; readonly backend: string; readonly reservations: Choice['reservations'] }
  | { readonly of: 'ledger'; readonly entries: readonly LedgerEntry[] }
  /** The choice for this backend starts, with this snapshot. */
  | {
      readonly of: 'choice';
      readonly backend: string;
      readonly at: Millis;
      readonly snapshot: Snapshot | null;
    }
  /** The stored time of the transaction. */
  | { readonly of: 'alive'; readonly at: Millis };

/** Reports every change when it becomes durable, and no change that is rolled back. */
export class Recorder implements Committed {
  private done: Change[][] = [];
  private current: Change[] = [];

  constructor(
    private readonly committedUnit: (changes: readonly Change[]) => void,
    private readonly committed: () => void,
  ) {}

  note(change: Change): void {
    this.current.push(change);
  }

  begin(): void {
    this.done = [];
    this.current = [];
  }

  savepoint(): void {
    if (this.current.length > 0) this.done.push(this.current);
    this.current = [];
  }

  undo(): void {
    this.current = [];
  }

  commit(): void {
    this.savepoint();
    for (const unit of this.done.splice(0)) this.committedUnit(unit);
    this.committed();
  }
}

/** The real store, with an observer at its port. */
export function observed(store: Store, recorder: Recorder): Store {
  const known = new WeakMap<Tx, Tx>();
  return {
    read: store.read,
    write: (work) =>
      store.write((tx) => {
        const listened = known.get(tx) ?? listen(tx, recorder);
        known.set(tx, listened);
        return work(listened);
      }),
  };
}

function listen(tx: Tx, recorder: Recorder): Tx {
  const note = (change: Change) => recorder.note(change);
  return {
    ...tx,
    sessions: {
      ...tx.sessions,
      async insert(session, due) {
        await tx.sessions.insert(session, due);
        note({ of: 'session', session });
      },
      async save(session, due) {
        await tx.sessions.save(session, due);
        note({ of: 'session', session });
      },
    },
    jobs: {
      ...tx.jobs,
      async insert(job, params) {
        const inserted = await tx.jobs.insert(job, params);
        note({ of: 'job', job: inserted });
        return inserted;
      },
      async save(job, due) {
        await tx.jobs.save(job, due);
        note({ of: 'job', job });
      },
      async endQueuedOf(session, how, at) {
        const count = await tx.jobs.endQueuedOf(session, how, at);
        note({ of: 'queuedOf', session, how, at });
        return count;
      },
      async remove(job) {
        await tx.jobs.remove(job);
        note({ of: 'removed', job });
      },
    },
    backends: {
      ...tx.backends,
      async insert(backend) {
        await tx.backends.insert(backend);
        note({ of: 'backend', backend });
      },
      async save(backend) {
        await tx.backends.save(backend);
        note({ of: 'backend', backend });
      },
      async countQueued(name, change) {
        await tx.backends.countQueued(name, change);
        note({ of: 'counted', backend: name, change });
      },
      async reserve(name, reservations) {
        await tx.backends.reserve(name, reservations);
        if (reservations.length > 0) note({ of: 'reserved', backend: name, reservations });
      },
    },
    ledger: {
      ...tx.ledger,
      async append(entries) {
        await tx.ledger.append(entries);
        if (entries.length > 0) note({ of: 'ledger', entries });
      },
    },
    disarmDeadline({ kind, subject, id }) {
      // In production this isolates a broken row; in the simulation no row may be broken.
      return Promise.reject(new Error(`${kind} of ${subject} ${id} was refused`));
    },
    async snapshot(backend, at, window) {
      const snapshot = await tx.snapshot(backend, at, window);
      note({ of: 'choice', backend, at, snapshot });
      return snapshot;
    },
    facts: {
      ...tx.facts,
      async set(key, value) {
        await tx.facts.set(key, value);
        if (key === 'alive_at') note({ of: 'alive', at: Number(value) });
      },
    },
  };
}
