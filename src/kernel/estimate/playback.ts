import { chooseJobs } from '../choice/choose-jobs.js';
import { stopGrace } from '../job/job.js';
import { deadlineOf, type SessionClock } from '../session/session.deadline.js';
import type { Millis } from '../time.js';
import { EventQueue, type FutureEvent } from './event-queue.js';
import type { Durations } from './durations.js';
import { SimulatedBackend, type SimulationInput } from './simulated-backend.js';
import type { RunningView } from './forecast.view.js';
import type { SimulatedInstance, SimulatedSession } from './simulated.js';

/** The result of playing the backend forward once. */
export interface Run {
  /** Start of each job, by its index in the input. NaN: after the end of the run. Infinity: never. */
  readonly startOf: Float64Array;
  /** All starts, in order. */
  readonly starts: readonly Millis[];
  /** When the probe started, see {@link probe}; null if it did not. */
  readonly probeAt: Millis | null;
}

/**
 * A lone job of no duration at the end of a queue. It occupies no lane and is not charged, so it shows when such a job
 * would start without affecting other jobs.
 */
export const probe = '';

type Subject =
  | Pick<RunningView, 'instance' | 'session' | 'charged' | 'slot'>
  | { readonly clockOf: SimulatedSession }
  | { readonly budgetOf: SimulatedInstance };

/** Plays the backend forward as the scheduler would run it if nobody submitted or cancelled anything. */
export class Playback {
  private readonly backend: SimulatedBackend;
  private readonly events = new EventQueue<Subject>();
  private readonly starts: Millis[] = [];
  private readonly startOf: Float64Array;
  private probeAt: Millis | null = null;
  private remaining: number;
  private maxStarts = Infinity;
  private untilProbe = false;
  private at: Millis;

  /** `u`: returns the random number of the job with that submission number. */
  constructor(
    private readonly setting: SimulationInput,
    private readonly durations: Durations,
    private readonly random: (job: number) => number,
  ) {
    this.backend = new SimulatedBackend(setting);
    this.at = setting.view.at;
    this.remaining = setting.jobs.size;
    this.startOf = new Float64Array(this.remaining).fill(NaN);
  }

  /** Plays until `maxStarts` jobs have started or, if `untilProbe`, until the probe has. */
  run(maxStarts: number, untilProbe: boolean): Run {
    this.maxStarts = maxStarts;
    this.untilProbe = untilProbe;
    for (const job of this.setting.view.running) this.scheduleEnd(job);
    for (const session of this.backend.sessions.values()) this.scheduleDeadline(session);
    for (const instance of this.backend.instances.values()) this.scheduleBudgetCheck(instance);
    while (!this.startJobs() && this.events.next < Infinity) {
      this.at = this.events.next;
      while (this.events.next <= this.at) this.applyEvent(this.events.take() as FutureEvent<Subject>);
    }
    const { starts, startOf, probeAt } = this;
    // No event is left, so the jobs that still wait never start.
    if (!this.isOver && this.events.next === Infinity) this.markNeverStarting(this.setting.all);
    return { starts, startOf, probeAt };
  }

  private get isOver(): boolean {
    if (this.backend.dependsOnHidden || this.starts.length >= this.maxStarts) return true;
    return this.remaining === 0 || (this.untilProbe && this.probeAt !== null);
  }

  /** Starts the jobs that the scheduler would start now. Returns whether the run is over. */
  private startJobs(): boolean {
    const { backend } = this;
    const snapshot = backend.snapshot(this.at);
    if (snapshot === null || this.isOver) return this.isOver;
    const { starts, reservations } = chooseJobs(snapshot);
    for (const { slot: index, session } of reservations) {
      const slot = backend.slot(index);
      if (slot !== undefined) slot.reservedFor = session;
    }
    for (const { job, session, slot } of starts) this.start(job, session, slot);
    return this.isOver;
  }

  private start(id: string, sessionId: string | null, index: number): void {
    const known = this.setting.jobs.get(id);
    const slot = this.backend.slot(index);
    if (known === undefined || slot === undefined) return;
    const { job, entry } = known;
    slot.running += 1;
    this.remaining -= 1;
    this.startOf[known.index] = this.at;
    if (id === probe) this.probeAt = this.at;
    else this.starts.push(this.at);
    const instance = this.backend.instances.get(job.instance);
    const session = sessionId === null ? undefined : this.backend.sessions.get(sessionId);
    if (session === undefined) instance?.markStarted(entry);
    else this.startInSession(session, index);
    const charged = session?.view.mode !== 'dedicated';
    if (charged) this.changeRate(job.instance, 1);
    if (session?.isNextHidden === true) this.backend.dependsOnHidden = true;
    const length = this.durations.draw(job, this.random(job.seq));
    const kind = length < job.maxExecutionTime ? 'job_end' : 'job_limit';
    const subject = { instance: job.instance, session: sessionId, charged, slot: index };
    this.events.add({ at: this.at + length, kind, subject });
  }

  /** Updates the session for the start of one of its jobs. */
  private startInSession(session: SimulatedSession, index: number): void {
    const slot = this.backend.slot(index);
    const wasActive = session.state === 'active';
    session.start(this.at);
    if (session.view.mode === 'batch') {
      if (!wasActive) this.backend.batches.push(session.id);
    } else if (session.slot === null && slot !== undefined) {
      session.slot = index;
      slot.holder = session.id;
      this.changeRate(session.instance, 1);
    }
    this.scheduleDeadline(session);
  }

  private applyEvent({ kind, subject }: FutureEvent<Subject>): void {
    if ('budgetOf' in subject) this.checkBudget(subject.budgetOf);
    else if ('clockOf' in subject) {
      subject.clockOf.checkAt = Infinity;
      this.markNeverStarting(subject.clockOf.expire(kind as SessionClock, this.at));
      this.updateSlotAndDeadline(subject.clockOf);
    } else {
      const slot = this.backend.slot(subject.slot);
      if (slot !== undefined) slot.running -= 1;
      if (subject.charged) this.changeRate(subject.instance, -1);
      const session = subject.session === null ? undefined : this.backend.sessions.get(subject.session);
      session?.end(this.at);
      if (session !== undefined) this.updateSlotAndDeadline(session);
    }
  }

  /** Frees the session's slot if it no longer holds one, and schedules its next deadline. */
  private updateSlotAndDeadline(session: SimulatedSession): void {
    const slot = session.slot === null ? undefined : this.backend.slot(session.slot);
    if (slot !== undefined && !session.holds) {
      slot.holder = null;
      session.slot = null;
      this.changeRate(session.instance, -1);
    }
    this.scheduleDeadline(session);
  }

  /**
   * Schedules a check at the session's next deadline, unless an earlier one is scheduled: a check that comes too early
   * is repeated, but one that comes too late misses the deadline.
   */
  private scheduleDeadline(session: SimulatedSession): void {
    const due = deadlineOf(session);
    if (due === null || due.at >= session.checkAt) return;
    session.checkAt = Math.max(due.at, this.at);
    this.events.add({ at: session.checkAt, kind: due.kind, subject: { clockOf: session } });
  }

  private scheduleEnd(job: RunningView): void {
    const { at } = this;
    const u = this.random(job.seq);
    const length = this.durations.draw(job, u, at - job.startedAt);
    const kind = length < job.maxExecutionTime ? 'job_end' : 'job_limit';
    const end =
      job.stopAt === null ? job.startedAt + length : at + Math.round(u * (job.stopAt + stopGrace - at));
    this.events.add({ at: Math.max(at, end), kind, subject: job });
  }

  private changeRate(id: string, change: number): void {
    const instance = this.backend.instances.get(id);
    instance?.changeRate(change, this.at);
    if (instance !== undefined) this.scheduleBudgetCheck(instance);
  }

  private scheduleBudgetCheck(instance: SimulatedInstance): void {
    const at = instance.budgetDueAt(this.at);
    if (at === null || at >= instance.checkAt) return;
    instance.checkAt = at;
    this.events.add({ at, kind: 'budget', subject: { budgetOf: instance } });
  }

  private checkBudget(instance: SimulatedInstance): void {
    instance.checkAt = Infinity;
    if (!instance.isUsedUp(this.at)) return this.scheduleBudgetCheck(instance);
    for (const session of this.backend.sessions.values()) {
      if (session.instance !== instance.id) continue;
      this.markNeverStarting(session.close(this.at));
      this.updateSlotAndDeadline(session);
    }
  }

  private markNeverStarting(jobs: readonly { readonly id: string }[]): void {
    for (const { id } of jobs) {
      const index = this.setting.jobs.get(id)?.index;
      if (index === undefined || !Number.isNaN(this.startOf[index])) continue;
      this.startOf[index] = Infinity;
      this.remaining -= 1;
    }
  }
}
