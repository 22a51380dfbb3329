import type { InstanceView, SessionView } from '../choice/snapshot.js';
import {
  clocksAfterStart,
  idleSinceAfterEnd,
  isDrained,
  keepsSlot,
  stopActiveClock,
} from '../session/session.clocks.js';
import { clockEndOf, type ClockState, type SessionClock } from '../session/session.deadline.js';
import { chargedBy } from '../usage/accrual.js';
import { budgetDeadlineOf, isUsedUp } from '../usage/budget.js';
import type { Millis } from '../time.js';
import type { ForecastInstance, ForecastJob, ForecastSession } from './forecast.view.js';

/**
 * A session in a run. Handles only the events that can occur once no client submits, closes or drains any more, with the
 * functions that `session.decide.ts` uses; calling the machine for each event would cost a hundred times as much.
 */
export class SimulatedSession implements ClockState {
  readonly id: string;
  readonly instance: string;
  readonly limits: ForecastSession['limits'];
  state: ForecastSession['state'];
  startedAt: Millis | null;
  activeSince: Millis | null;
  activeSpent: Millis;
  idleSince: Millis | null;
  slot: number | null = null;
  /** When its next scheduled deadline check is. */
  checkAt: Millis = Infinity;
  runningJobs: number;
  private startedJobs = 0;

  constructor(readonly view: ForecastSession) {
    ({ id: this.id, instance: this.instance, limits: this.limits } = view);
    ({ state: this.state, startedAt: this.startedAt, idleSince: this.idleSince } = view);
    ({ activeSince: this.activeSince, activeSpent: this.activeSpent, runningJobs: this.runningJobs } = view);
  }

  get queuedJobs(): number {
    return this.state === 'closed' ? 0 : this.view.queue.length - this.startedJobs;
  }

  /** Whether its next queued job is one that the view leaves out. */
  get isNextHidden(): boolean {
    return this.view.more && this.startedJobs === this.view.queue.length;
  }

  get acceptingJobs(): boolean {
    return this.view.acceptingJobs;
  }

  get holds(): boolean {
    return keepsSlot(this);
  }

  /** Returns the session as the choice sees it, with at most `most` queued jobs. */
  viewFor(most: number): SessionView {
    const queue = this.view.queue.slice(
      this.startedJobs,
      this.startedJobs + (this.state === 'closed' ? 0 : most),
    );
    return { id: this.id, mode: this.view.mode, state: this.state, queue };
  }

  start(at: Millis): void {
    this.startedJobs += 1;
    this.runningJobs += 1;
    this.state = 'active';
    Object.assign(this, clocksAfterStart(this, this.limits, at));
  }

  end(at: Millis): void {
    this.runningJobs -= 1;
    if (this.runningJobs === 0) Object.assign(this, stopActiveClock(this, at));
    // Queued jobs that the view leaves out keep the session from being idle or drained.
    if (this.isNextHidden) return;
    this.idleSince = idleSinceAfterEnd(this, this.limits, at);
    if (isDrained(this)) this.close(at);
  }

  /** Applies an expired clock. Returns the jobs that will never start because of it. */
  expire(clock: SessionClock, at: Millis): readonly ForecastJob[] {
    if ((clockEndOf(this, clock) ?? Infinity) > at) return [];
    if (clock !== 'interactive_ttl' || this.limits.onIdle === 'close') return this.close(at);
    this.state = 'inactive';
    this.idleSince = null;
    return [];
  }

  close(at: Millis): readonly ForecastJob[] {
    if (this.state === 'closed') return [];
    const failed = this.view.queue.slice(this.startedJobs);
    Object.assign(this, stopActiveClock(this, at));
    this.state = 'closed';
    this.idleSince = null;
    return failed;
  }
}

/** An instance in a run: its charges, and its part of the general queue. */
export class SimulatedInstance {
  readonly id: string;
  readonly shares: number;
  /** When its next scheduled budget check is. */
  checkAt: Millis = Infinity;
  charged: Millis;
  rate: number;
  since: Millis;
  private firstWaiting = 0;
  private readonly started = new Set<number>();

  constructor(
    private readonly view: ForecastInstance,
    private readonly entries: InstanceView['waiting'],
    at: Millis,
  ) {
    ({ id: this.id, shares: this.shares, charged: this.charged, rate: this.rate } = view);
    this.since = at;
  }

  chargedAt(at: Millis): Millis {
    return chargedBy(this, at);
  }

  /** Changes the number of jobs and holds charged to the instance by `change`, from `at` on. */
  changeRate(change: number, at: Millis): void {
    this.charged = this.chargedAt(at);
    this.since = at;
    this.rate += change;
  }

  isUsedUp(at: Millis): boolean {
    const { budget } = this.view;
    return budget !== null && isUsedUp({ budget, charged: this.chargedAt(at) });
  }

  /** Returns when its budget is used up at the present rate. Ignores that old charges leave the window meanwhile. */
  budgetDueAt(at: Millis): Millis | null {
    const { budget } = this.view;
    if (budget === null) return null;
    return budgetDeadlineOf({ budget, charged: this.chargedAt(at), rate: this.rate, releasedAt: null }, at);
  }

  /** Whether all entries that the view contains have started, and the view leaves more out. */
  get isNextHidden(): boolean {
    return this.view.more && this.firstWaiting >= this.entries.length;
  }

  markStarted(entry: number): void {
    this.started.add(entry);
  }

  /** Returns the submission number of the first entry that still waits. */
  headSeq(hasWaitingJobs: (session: string) => boolean): number | null {
    for (; this.firstWaiting < this.entries.length; this.firstWaiting += 1) {
      const entry = this.entries[this.firstWaiting] as Entry;
      if (this.isWaiting(entry, this.firstWaiting, hasWaitingJobs))
        return 'job' in entry ? entry.job.seq : entry.seq;
    }
    return null;
  }

  /** Returns the first entries that still wait. */
  waiting(most: number, hasWaitingJobs: (session: string) => boolean): Entry[] {
    const waitingEntries: Entry[] = [];
    for (let i = this.firstWaiting; i < this.entries.length && waitingEntries.length < most; i += 1) {
      const entry = this.entries[i] as Entry;
      if (this.isWaiting(entry, i, hasWaitingJobs)) waitingEntries.push(entry);
    }
    return waitingEntries;
  }

  private isWaiting(entry: Entry, at: number, hasWaitingJobs: (session: string) => boolean): boolean {
    return 'job' in entry ? !this.started.has(at) : hasWaitingJobs(entry.session);
  }
}

type Entry = InstanceView['waiting'][number];
