import { chooseJobs } from '../choice/choose-jobs.js';
import { stopGrace } from '../job/job.js';
import { deadlineOf, type SessionClock } from '../session/session.deadline.js';
import type { Millis } from '../time.js';
import { Agenda, type Appointment } from './agenda.js';
import type { Durations } from './durations.js';
import { Field, type Setting } from './field.js';
import type { RunningView } from './forecast.view.js';
import type { PlayedInstance, PlayedSession } from './played.js';

/** One possible future. */
export interface Run {
  /** When each job of the setting starts, by its index; NaN: after the end of the run; Infinity: never. */
  readonly startOf: Float64Array;
  /** All starts in order. */
  readonly starts: readonly Millis[];
  /** When a job of no length would have started, see {@link probe}. */
  readonly probeAt: Millis | null;
}

/**
 * A lone job of no length at the end of someone's queue: it occupies nothing and is charged nothing, so it tells when such
 * a job would start and changes nothing for the others.
 */
export const probe = '';

type Subject =
  | Pick<RunningView, 'instance' | 'session' | 'charged' | 'slot'>
  | { readonly played: PlayedSession }
  | { readonly budgetOf: PlayedInstance };

/** Plays the backend forward as the scheduler would run it, if nobody submitted or withdrew anything. */
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

  /** `u`: what chance says to the job of that number. */
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

  /** Ends after so many starts, or where wanted as soon as the probe has started. */
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
    // Nothing is left to happen, so what still waits does so for ever.
    if (!this.isOver && this.agenda.next === Infinity) this.never(this.setting.all);
    return { starts, startOf, probeAt };
  }

  private get isOver(): boolean {
    if (this.field.isBeyond || this.starts.length >= this.mostStarts) return true;
    return this.left === 0 || (this.untilProbe && this.probeAt !== null);
  }

  /** Starts what the scheduler would start now. Answers whether the rest is not needed or not known. */
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

  /** One of the session's jobs starts. */
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

  /** A change of the session: its slot may be free now, and its clocks run to another moment. */
  private after(session: PlayedSession): void {
    const slot = session.slot === null ? undefined : this.field.slot(session.slot);
    if (slot !== undefined && !session.holds) {
      slot.holder = null;
      session.slot = null;
      this.accrue(session.instance, -1);
    }
    this.arm(session);
  }

  /** An appointment that is too early is looked at and made again; one that is too late would be missed. */
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
