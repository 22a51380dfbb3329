import { Inject, Injectable, Logger } from '@nestjs/common';
import { Subject } from 'rxjs';
import type { Millis } from '../kernel/time.js';
import { removeArrivedReceipts } from './arrived-receipts.js';
import { DRIVERS, type Drivers } from './drivers.ports.js';
import { CLOCK, IDS, RUNNERS, STORE, type Clock, type Ids, type Runners, type Store } from './ports.js';
import { PROCESS_MEMORY, type ProcessMemory } from './process-memory.ports.js';
import { recover } from './recover.js';
import { BrokenDeadline, BrokenQueue, settle } from './settle.js';
import { Unit, type Effect } from './unit.js';

/** What the commands need to know of the configuration. */
export interface SchedulerSettings {
  /** Fair share looks back this far. */
  readonly window: Millis;
  /** Where a session or a job goes when the client names no backend. */
  readonly defaultBackend: string | null;
}
export const SETTINGS = Symbol('SchedulerSettings');

/**
 * The one path by which anything changes: load, decide and save in one transaction, then the effects. HTTP, the clock and
 * a runner's answer all end here, so each finds the deadlines before it applied and leaves the next jobs started.
 */
@Injectable()
export class Commands {
  private readonly logger = new Logger(Commands.name);
  private hasTime = false;
  /** Says that the event log has grown. */
  readonly changes = new Subject<void>();

  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
    @Inject(RUNNERS) private readonly runners: Runners,
    @Inject(SETTINGS) private readonly settings: SchedulerSettings,
    @Inject(DRIVERS) private readonly drivers: Drivers,
    @Inject(PROCESS_MEMORY) private readonly memory: ProcessMemory,
  ) {}

  /** When the next deadline is due; may be too early, never too late. */
  get nextDue(): Millis {
    return this.memory.due.next;
  }

  /**
   * Runs `work` on the state as it is now, and answers when the outcome is durable. Throws what `work` refuses. `actor`
   * stands in the event log.
   */
  async run<T>(work: (unit: Unit) => Promise<T>, actor = 'scheduler'): Promise<T> {
    for (;;) {
      const done = await this.write(async (unit) => {
        // Too much was due for one transaction: what was applied is kept, and the command waits for the rest.
        if (!(await settle(unit))) return null;
        unit.actor = actor;
        const value = await work(unit);
        const quiet = await settle(unit);
        return { value, quiet };
      });
      if (done === null) continue;
      // A real clock wakes up for the rest; a virtual one stands, and must not stand before what is due.
      if (!done.quiet && this.clock.mode === 'virtual') await this.tick();
      return done.value;
    }
  }

  /** Whether anything runs on a process or a slot is held: then it matters when the service was last alive. */
  isAccruing(): Promise<boolean> {
    return this.store.read.isAccruing();
  }

  /** Says that the service is alive, and decides nothing. */
  noteAlive(): Promise<void> {
    return this.store.write((tx) => tx.facts.set('alive_at', String(this.clock.now())));
  }

  /** Notes that the client of a session with a heartbeat has just been seen. */
  noteClient(session: string): void {
    this.memory.heard.set(session, this.clock.now());
  }

  /** Forgets when the client of a session was last seen. */
  forgetClient(session: string): void {
    this.memory.heard.delete(session);
  }

  /** Applies what is due and chooses what is next, nothing else. */
  async tick(): Promise<void> {
    await this.run(() => Promise.resolve());
  }

  /**
   * The first thing after a start, before anything else is written, because every change says that the service is alive.
   * Settles what a crash left behind, brings the service up to now, does what `first` wants and starts what is next.
   */
  async recover(first?: (unit: Unit) => Promise<void>): Promise<{ lost: number }> {
    return this.write(async (unit) => {
      const lost = await recover(unit, this.runners, this.drivers, (problem) => this.logger.error(problem));
      await first?.(unit);
      await settle(unit);
      return { lost };
    });
  }

  /**
   * As {@link attempt}. A deadline that cannot take effect is set aside, and a backend whose next job cannot be read goes offline,
   * so that one broken row stops nobody else.
   */
  private async write<T>(work: (unit: Unit) => Promise<T>): Promise<T> {
    const aside = new Set<string>();
    for (;;) {
      try {
        return await this.attempt(work);
      } catch (error) {
        if (error instanceof BrokenQueue) {
          if (aside.has(error.backend)) throw error;
          aside.add(error.backend);
          await this.takeOffline(error);
          continue;
        }
        if (!(error instanceof BrokenDeadline)) throw error;
        const { kind, subject, id } = error.due;
        // Set again by the very change that is asked for: that change is what cannot be.
        if (aside.has(`${kind} ${subject} ${id}`)) throw error;
        aside.add(`${kind} ${subject} ${id}`);
        this.logger.error(
          `${error.message} It is set aside. An admin may close or cancel what it belongs to.`,
        );
        // Not as a change of ours: that would say that the service was alive, before a start has asked when it last was.
        await this.store.write((tx) => tx.setAside(error.due));
      }
    }
  }

  /** The rows stay as they are: an operator or another version may be able to read them. */
  private async takeOffline({ backend: name, message, why }: BrokenQueue): Promise<void> {
    this.logger.error(
      `${message} It is offline. Repair the row, then set the backend online or restart the service.`,
    );
    await this.store.write(async (tx) => {
      const backend = await tx.backends.find(name);
      if (backend === null) return;
      const cause = why.message.replace(/\.$/, '');
      await tx.backends.save({ ...backend, status: 'offline', statusReason: cause, statusBy: 'service' });
      const at = this.clock.now();
      await tx.events.append({
        ...{ type: 'backend.offline', at, processedAt: at, actor: 'scheduler', cause },
        ...{ backend: name, instance: null, session: null, job: null },
      });
    });
  }

  private async attempt<T>(work: (unit: Unit) => Promise<T>): Promise<T> {
    let begun: Unit | null = null;
    let complete: Unit | null = null;
    try {
      const { value, unit } = await this.store.write(async (tx) => {
        // The computer's clock may have been set back between two starts; ours never goes back.
        if (!this.hasTime) this.clock.startFrom(Number((await tx.facts.get('alive_at')) ?? 0));
        this.hasTime = true;
        const unit = new Unit(tx, this.clock.now(), this.ids, this.memory, this.settings.window);
        begun = unit;
        const value = await work(unit);
        await removeArrivedReceipts(unit, this.memory.answers);
        await tx.facts.set('alive_at', String(unit.at));
        complete = unit;
        return { value, unit };
      });
      for (const run of unit.committed) run();
      if (unit.logged) this.changes.next();
      await this.perform(unit.effects);
      return value;
    } catch (error) {
      // What was undone may include deadlines that were just applied: look again.
      this.memory.due.next = -Infinity;
      for (const run of (begun as Unit | null)?.failed ?? []) run();
      if (complete !== null) await this.performIfStored(complete);
      throw error;
    } finally {
      this.wakeAt(this.memory.due.next);
    }
  }

  private wakeAt(at: Millis): void {
    this.clock.wakeAt(at, () => {
      this.tick().catch((error: unknown) => {
        this.logger.error(`Deadlines could not be applied; trying again in a second: ${String(error)}`);
        this.wakeAt(this.clock.now() + 1000);
      });
    });
  }

  /**
   * The store failed at the very end, and a commit whose answer is lost may have been made all the same. An attempt that is
   * stored as running must have a process, so what the rows say is done; where nothing was committed they say nothing.
   */
  private async performIfStored({ effects }: Unit): Promise<void> {
    for (const effect of effects) {
      if (effect.type === 'release') {
        const session = await this.store.read.session(effect.session).catch(() => null);
        if (session?.state === 'closed') await this.perform([effect]);
        continue;
      }
      const job = await this.store.read.job(effect.job).catch(() => null);
      const stands =
        job?.token === effect.token && (['start', 'resume'].includes(effect.type) || job.stop !== null);
      if (stands) await this.perform([effect]);
    }
  }

  /** The change is committed and must not look failed, nor one runner keep the others from hearing. */
  private async perform(effects: readonly Effect[]): Promise<void> {
    for (const effect of effects) {
      try {
        await this.performOne(effect);
      } catch (error) {
        const whose = 'job' in effect ? `job ${effect.job}` : `session ${effect.session}`;
        // A stop that is not heard is followed by a kill, and a kill by another.
        this.logger.error(`The runner of ${whose} could not be told to ${effect.type}: ${String(error)}`);
      }
    }
  }

  private async performOne(effect: Effect): Promise<void> {
    if (effect.type === 'release') {
      this.memory.heard.delete(effect.session);
      this.runners.release(effect.session);
    } else if (effect.type === 'stop') this.runners.stop(effect.job, effect.token);
    else if (effect.type === 'kill') this.runners.kill(effect.job, effect.token);
    else await this.hand(effect.job, effect.token, effect.type === 'resume');
  }

  private async hand(id: string, token: string, again: boolean): Promise<void> {
    try {
      await this.start(id, token, again);
    } catch (error) {
      this.logger.error(`Job ${id} could not be handed to a runner: ${String(error)}`);
      // No process has the attempt, so this answers that it is lost.
      this.runners.stop(id, token);
    }
  }

  /** `again`: its process has it already, and is to be spoken to even if the attempt is stopping. */
  private async start(id: string, token: string, again: boolean): Promise<void> {
    const queued = await this.store.read.job(id);
    if (queued === null) return;
    const [params, backend] = await Promise.all([
      this.store.read.params(id),
      this.store.read.backend(queued.backend),
    ]);
    // Read last: an attempt that was stopped or lost in the meantime is not begun. Its stop finds no process and ends it.
    const job = await this.store.read.job(id);
    if (job?.token !== token || (job.stop !== null && !again)) return;
    if (params === null || backend === null) throw new Error('its params or its backend are gone');
    const { program, session, details } = job;
    this.runners.start({
      job: id,
      token,
      program,
      session,
      backend,
      params,
      logLevel: details.logLevel,
      last: job.attempts >= job.maxAttempts,
    });
    if (job.stop !== null) this.runners.stop(id, token);
  }
}
