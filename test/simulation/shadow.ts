import type { Backend } from '../../src/kernel/backend/backend.js';
import type { Job } from '../../src/kernel/job/job.js';
import type { Session } from '../../src/kernel/session/session.js';
import type { Millis } from '../../src/kernel/time.js';
import type { LedgerEntry } from '../../src/kernel/usage/usage.js';
import type { Change } from './observed-store.js';

/** The state of one backend after the committed changes. */
export interface ShadowPlace {
  backend: Backend;
  /** The value of the stored counter, to be compared with the jobs. */
  counted: number;
  /** Running jobs by slot. */
  readonly running: Map<number, Set<string>>;
  readonly holders: Map<number, string>;
  readonly reserved: Map<number, string>;
  /** Waiting lone jobs, in submission order. */
  readonly alone: Job[];
  /** Sessions that are not closed, or that still have a running job. */
  readonly sessions: Set<string>;
  /** Ledger entries by slot, in the order of the ledger. */
  readonly holds: Map<number, LedgerEntry[]>;
  readonly lanes: Map<number, LedgerEntry[]>;
}

export interface SessionJobs {
  /** In submission order. */
  readonly queued: Job[];
  readonly running: Map<string, Job>;
  /** When its last job ended, as far as that decides whether the session is idle. */
  idleFrom: Millis;
  /** Sum of its ledger entries. */
  charged: Millis;
  /** Sum of the usage of its jobs. */
  used: Millis;
}

/**
 * The expected contents of the database, built from the committed changes. The laws read the shadow instead of the
 * database after each step. At intervals, and after each crash, the two are compared.
 */
export class Shadow {
  readonly sessions = new Map<string, Session>();
  readonly jobs = new Map<string, Job>();
  readonly removed = new Set<string>();
  readonly places = new Map<string, ShadowPlace>();
  readonly jobsOf = new Map<string, SessionJobs>();
  /** The number of each session's latest activation, in order of commit. */
  readonly activations = new Map<string, number>();
  readonly liveSessions = new Set<string>();
  readonly liveJobs = new Set<string>();
  /** The charge of each lone job by the ledger. */
  readonly chargedJobs = new Map<string, Millis>();
  /** By instance, in the order of the entries. */
  readonly entries = new Map<string, LedgerEntry[]>();
  readonly shares = new Map<string, number>();
  readonly budgets = new Map<string, Millis>();
  /** The number of queued jobs that the plan of an instance allows. */
  readonly mostPending = new Map<string, number>();
  /** Tokens of all attempts, by the job they belong to. */
  readonly tokens = new Map<string, string>();
  /** The token of each job's latest attempt. */
  readonly lastToken = new Map<string, string>();
  /** Rows that changed since they were last compared with the database. */
  readonly dirty = { sessions: new Set<string>(), jobs: new Set<string>() };
  aliveAt: Millis = 0;
  private activated = 0;

  apply(change: Change): void {
    switch (change.of) {
      case 'session':
        return this.session(change.session);
      case 'job':
        return this.job(change.job);
      case 'queuedOf':
        for (const job of [...this.of(change.session).queued]) {
          this.job({ ...job, ...change.how, endedAt: change.at });
        }
        return;
      case 'removed':
        this.jobs.delete(change.job);
        this.removed.add(change.job);
        this.dirty.jobs.add(change.job);
        return;
      case 'backend':
        return this.backend(change.backend);
      case 'counted':
        this.place(change.backend).counted += change.change;
        return;
      case 'reserved':
        for (const { slot, session } of change.reservations) {
          const { reserved } = this.place(change.backend);
          if (session === null) reserved.delete(slot);
          else reserved.set(slot, session);
        }
        return;
      case 'ledger':
        for (const entry of change.entries) this.charge(entry);
        return;
      case 'alive':
        this.aliveAt = change.at;
        return;
      case 'choice':
    }
  }

  place(name: string): ShadowPlace {
    const place = this.places.get(name);
    if (place === undefined) throw new Error(`There is no backend ${name}.`);
    return place;
  }

  of(session: string): SessionJobs {
    const jobs = this.jobsOf.get(session);
    if (jobs === undefined) throw new Error(`There is no session ${session}.`);
    return jobs;
  }

  private session(session: Session): void {
    const before = this.sessions.get(session.id);
    this.sessions.set(session.id, session);
    this.dirty.sessions.add(session.id);
    const place = this.place(session.backend);
    if (before === undefined) {
      const none = { queued: [], running: new Map(), idleFrom: session.createdAt, charged: 0, used: 0 };
      this.jobsOf.set(session.id, none);
    }
    if (
      before?.slot != null &&
      before.slot !== session.slot &&
      place.holders.get(before.slot) === session.id
    ) {
      place.holders.delete(before.slot);
    }
    if (session.slot !== null && before?.slot !== session.slot) place.holders.set(session.slot, session.id);
    if (session.state === 'active' && before?.state !== 'active')
      this.activations.set(session.id, (this.activated += 1));
    const live = session.state !== 'closed' || session.runningJobs > 0;
    if (live) this.liveSessions.add(session.id);
    else this.liveSessions.delete(session.id);
    if (live) place.sessions.add(session.id);
    else place.sessions.delete(session.id);
  }

  private job(job: Job): void {
    const before = this.jobs.get(job.id);
    this.jobs.set(job.id, job);
    this.dirty.jobs.add(job.id);
    const place = this.place(job.backend);
    const mine = job.session === null ? null : this.of(job.session);
    const queue = mine?.queued ?? place.alone;
    if (before?.state === 'queued') take(queue, job.id);
    if (before?.state === 'running') {
      place.running.get(before.slot ?? -1)?.delete(job.id);
      mine?.running.delete(job.id);
    }
    if (job.state === 'queued') put(queue, job);
    if (job.state === 'running') {
      const slot = job.slot ?? -1;
      place.running.set(slot, (place.running.get(slot) ?? new Set()).add(job.id));
      mine?.running.set(job.id, job);
      if (job.token !== null) {
        this.tokens.set(job.token, job.id);
        this.lastToken.set(job.id, job.token);
      }
    }
    if (job.state === 'queued' || job.state === 'running') this.liveJobs.add(job.id);
    else this.liveJobs.delete(job.id);
    if (mine === null) return;
    mine.used += job.used - (before?.used ?? 0);
    if (job.endedAt !== null && mine.queued.length === 0 && mine.running.size === 0)
      mine.idleFrom = job.endedAt;
  }

  private backend(backend: Backend): void {
    const place = this.places.get(backend.name);
    if (place !== undefined) {
      place.backend = backend;
      return;
    }
    this.places.set(backend.name, {
      backend,
      counted: 0,
      running: new Map(),
      holders: new Map(),
      reserved: new Map(),
      alone: [],
      sessions: new Set(),
      holds: new Map(),
      lanes: new Map(),
    });
  }

  private charge(entry: LedgerEntry): void {
    const length = entry.to - entry.from;
    if (entry.session !== null) this.of(entry.session).charged += length;
    else if (entry.job !== null)
      this.chargedJobs.set(entry.job, (this.chargedJobs.get(entry.job) ?? 0) + length);
    push(this.entries, entry.instance, entry);
    const place = this.place(entry.backend);
    push(entry.kind === 'hold' ? place.holds : place.lanes, entry.slot, entry);
  }
}

function put(queue: Job[], job: Job): void {
  let at = queue.length;
  while (at > 0 && (queue[at - 1]?.seq ?? 0) > job.seq) at -= 1;
  queue.splice(at, 0, job);
}

function take(queue: Job[], id: string): void {
  const at = queue.findIndex((job) => job.id === id);
  if (at !== -1) queue.splice(at, 1);
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
