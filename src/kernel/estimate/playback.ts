import { chooseJobs } from '../choice/choose-jobs.js';
import { stopGrace } from '../job/job.js';
import { deadlineOf, type SessionClock } from '../session/session.deadline.js';
import type { Millis } from '../time.js';
import { Agenda, type Appointment } from './agenda.js';
import type { Durations } from './durations.js';
import { Field, type Setting } from './field.js';
import type { RunningView } from './forecast.view.js';
import type { PlayedInstance, PlayedSession } from './played.js';

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
  | { readonly played: PlayedSession }
  | { readonly budgetOf: PlayedInstance };

/** Plays the backend forward as the scheduler would run it if nobody submitted or cancelled anything. */
export class Playback {
  private readonly field: Field;
  private readonly agenda = new Agenda<Subject>();
  private readonly starts: Millis[] = [];
  private readonly startOf: Float64Array;
  private probeAt: Millis | null = null;
  private left: number;
  private mostStarts = Infinity;
  private untilProbe = false;
  private at: Millis;

  /** `u`: returns the random number of the job with that submission number. */
  constructor(
    private readonly setting: Setting,
    private readonly durations: Durations,
    private readonly u: (job: number) => number,
  ) {
    this.field = new Field(setting);
    this.at = setting.view.at;
    this.left = setting.jobs.size;
    this.startOf = new Float64Array(this.left).fill(NaN);
  }

  /** Plays until `mostStarts` jobs have started or, if `untilProbe`, until the probe has. */
  run(mostStarts: number, untilProbe: boolean): Run {
    this.mostStarts = mostStarts;
    this.untilProbe = untilProbe;
    for (const job of this.setting.view.running) this.comeToEnd(job);
    for (const session of this.field.sessions.values()) this.arm(session);
    for (const instance of this.field.instances.values()) this.armBudget(instance);
    while (!this.choose() && this.agenda.next < Infinity) {
      this.at = this.agenda.next;
      while (this.agenda.next <= this.at) this.happen(this.agenda.take() as Appointment<Subject>);
    }
    const { starts, startOf, probeAt } = this;
    // No event is left, so the jobs that still wait never start.
    if (!this.isOver && this.agenda.next === Infinity) this.never(this.setting.all);
    return { starts, startOf, probeAt };
  }

  private get isOver(): boolean {
    if (this.field.isBeyond || this.starts.length >= this.mostStarts) return true;
    return this.left === 0 || (this.untilProbe && this.probeAt !== null);
  }

  /** Starts the jobs that the scheduler would start now. Returns whether the run is over. */
  private choose(): boolean {
    const { field } = this;
    const snapshot = field.snapshot(this.at);
    if (snapshot === null || this.isOver) return this.isOver;
    const { starts, reservations } = chooseJobs(snapshot);
    for (const { slot: index, session } of reservations) {
      const slot = field.slot(index);
      if (slot !== undefined) slot.reservedFor = session;
    }
    for (const { job, session, slot } of starts) this.start(job, session, slot);
    return this.isOver;
  }

  private start(id: string, sessionId: string | null, index: number): void {
    const known = this.setting.jobs.get(id);
    const slot = this.field.slot(index);
    if (known === undefined || slot === undefined) return;
    const { job, entry } = known;
    slot.running += 1;
    this.left -= 1;
    this.startOf[known.index] = this.at;
    if (id === probe) this.probeAt = this.at;
    else this.starts.push(this.at);
    const instance = this.field.instances.get(job.instance);
    const session = sessionId === null ? undefined : this.field.sessions.get(sessionId);
    if (session === undefined) instance?.leave(entry);
    else this.enter(session, index);
    const charged = session?.view.mode !== 'dedicated';
    if (charged) this.accrue(job.instance, 1);
    if (session?.isBeyond === true) this.field.isBeyond = true;
    const length = this.durations.draw(job, this.u(job.seq));
    const kind = length < job.maxExecutionTime ? 'job_end' : 'job_limit';
    const of = { instance: job.instance, session: sessionId, charged, slot: index };
    this.agenda.add({ at: this.at + length, kind, of });
  }

  /** Updates the session for the start of one of its jobs. */
  private enter(session: PlayedSession, index: number): void {
    const slot = this.field.slot(index);
    const wasActive = session.state === 'active';
    session.start(this.at);
    if (session.view.mode === 'batch') {
      if (!wasActive) this.field.batches.push(session.id);
    } else if (session.slot === null && slot !== undefined) {
      session.slot = index;
      slot.holder = session.id;
      this.accrue(session.instance, 1);
    }
    this.arm(session);
  }

  private happen({ kind, of }: Appointment<Subject>): void {
    if ('budgetOf' in of) this.reviewBudget(of.budgetOf);
    else if ('played' in of) {
      of.played.armedAt = Infinity;
      this.never(of.played.expire(kind as SessionClock, this.at));
      this.after(of.played);
    } else {
      const slot = this.field.slot(of.slot);
      if (slot !== undefined) slot.running -= 1;
      if (of.charged) this.accrue(of.instance, -1);
      const session = of.session === null ? undefined : this.field.sessions.get(of.session);
      session?.end(this.at);
      if (session !== undefined) this.after(session);
    }
  }

  /** Frees the session's slot if it no longer holds one, and schedules its next deadline. */
  private after(session: PlayedSession): void {
    const slot = session.slot === null ? undefined : this.field.slot(session.slot);
    if (slot !== undefined && !session.holds) {
      slot.holder = null;
      session.slot = null;
      this.accrue(session.instance, -1);
    }
    this.arm(session);
  }

  /**
   * Only moves an appointment earlier: one that comes too early is re-armed, but one that comes too late misses its
   * moment.
   */
  private arm(session: PlayedSession): void {
    const due = deadlineOf(session);
    if (due === null || due.at >= session.armedAt) return;
    session.armedAt = Math.max(due.at, this.at);
    this.agenda.add({ at: session.armedAt, kind: due.clock, of: { played: session } });
  }

  private comeToEnd(job: RunningView): void {
    const { at } = this;
    const u = this.u(job.seq);
    const length = this.durations.draw(job, u, at - job.startedAt);
    const kind = length < job.maxExecutionTime ? 'job_end' : 'job_limit';
    const end =
      job.stopAt === null ? job.startedAt + length : at + Math.round(u * (job.stopAt + stopGrace - at));
    this.agenda.add({ at: Math.max(at, end), kind, of: job });
  }

  private accrue(id: string, change: number): void {
    const instance = this.field.instances.get(id);
    instance?.accrue(change, this.at);
    if (instance !== undefined) this.armBudget(instance);
  }

  private armBudget(instance: PlayedInstance): void {
    const at = instance.budgetDueAt(this.at);
    if (at === null || at >= instance.armedAt) return;
    instance.armedAt = at;
    this.agenda.add({ at, kind: 'budget', of: { budgetOf: instance } });
  }

  private reviewBudget(instance: PlayedInstance): void {
    instance.armedAt = Infinity;
    if (!instance.isUsedUp(this.at)) return this.armBudget(instance);
    for (const session of this.field.sessions.values()) {
      if (session.instance !== instance.id) continue;
      this.never(session.close(this.at));
      this.after(session);
    }
  }

  private never(jobs: readonly { readonly id: string }[]): void {
    for (const { id } of jobs) {
      const index = this.setting.jobs.get(id)?.index;
      if (index === undefined || !Number.isNaN(this.startOf[index])) continue;
      this.startOf[index] = Infinity;
      this.left -= 1;
    }
  }
}
