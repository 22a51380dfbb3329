import { Inject, Injectable, Logger } from '@nestjs/common';
import { Subject } from 'rxjs';
import type { Millis } from '../kernel/time.js';
import { removeArrivedReceipts } from './arrived-receipts.js';
import { DRIVERS, type Drivers } from './drivers.ports.js';
import { CLOCK, IDS, RUNNERS, STORE, type Clock, type Ids, type Runners, type Store } from './ports.js';
import { PROCESS_MEMORY, type ProcessMemory } from './process-memory.ports.js';
import { recover } from './recover.js';
import { BrokenDeadline, BrokenQueue, applyDueAndDispatch } from './apply-due-and-dispatch.js';
import { UnitOfWork, type Effect } from './unit-of-work.js';

/** The part of the configuration that the scheduler uses. */
export interface SchedulerSettings {
  /** How far back fair share looks. */
  readonly fairShareWindow: Millis;
  /** The backend of a session or a job whose client names none; null for the first one. */
  readonly defaultBackend: string | null;
}
export const SETTINGS = Symbol('SchedulerSettings');

/**
 * The only way to change anything: load, decide and save in one transaction, then perform the effects. HTTP requests,
 * the clock and runners all use it, so each change finds earlier deadlines applied and leaves the next jobs started.
 */
@Injectable()
export class Commands {
  private readonly logger = new Logger(Commands.name);
  private hasTime = false;
  /** Emits when the event log has grown. */
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

  /** The time of the next deadline. It may be too early, but never too late. */
  get nextDeadlineAt(): Millis {
    return this.memory.deadlines.next;
  }

  /**
   * Runs `work` on the current state and returns its value once the change is durable. Rethrows what `work` throws. The
   * event log names `actor`.
   */
  async run<T>(work: (unit: UnitOfWork) => Promise<T>, actor = 'scheduler'): Promise<T> {
    for (;;) {
      const done = await this.write(async (unit) => {
        // More was due than one transaction applies: keep what was applied, and go on with the rest before the command.
        if (!(await applyDueAndDispatch(unit))) return null;
        unit.actor = actor;
        const value = await work(unit);
        const quiet = await applyDueAndDispatch(unit);
        return { value, quiet };
      });
      if (done === null) continue;
      // A real clock wakes up for the rest. A virtual clock has no timer, so keep ticking.
      if (!done.quiet && this.clock.mode === 'virtual') await this.tick();
      return done.value;
    }
  }

  /** Returns whether a job runs on a process or a session holds a slot, so that a crash would have to be dated. */
  isAccruing(): Promise<boolean> {
    return this.store.read.isAccruing();
  }

  /** Stores that the service is alive now, and changes nothing else. */
  noteAlive(): Promise<void> {
    return this.store.write((tx) => tx.facts.set('alive_at', String(this.clock.now())));
  }

  /** Notes that the client of a session with a heartbeat has just been seen. */
  noteClient(session: string): void {
    this.memory.clientSeen.set(session, this.clock.now());
  }

  /** Forgets when the client of a session was last seen. */
  forgetClient(session: string): void {
    this.memory.clientSeen.delete(session);
  }

  /** Applies the deadlines that are due and dispatches, nothing else. */
  async tick(): Promise<void> {
    await this.run(() => Promise.resolve());
  }

  /**
   * Settles what a crash left behind, applies the deadlines until now, runs `first` and dispatches. Must run first
   * after a start, because every other change stores that the service is alive.
   */
  async recover(first?: (unit: UnitOfWork) => Promise<void>): Promise<{ lost: number }> {
    return this.write(async (unit) => {
      const lost = await recover(unit, this.runners, this.drivers, (problem) => this.logger.error(problem));
      await first?.(unit);
      await applyDueAndDispatch(unit);
      return { lost };
    });
  }

  /**
   * Repeats {@link attempt} after a broken row: disarms a deadline that cannot take effect, and takes a backend offline
   * whose next job cannot be read, so that one broken row blocks nothing else.
   */
  private async write<T>(work: (unit: UnitOfWork) => Promise<T>): Promise<T> {
    const repaired = new Set<string>();
    for (;;) {
      try {
        return await this.attempt(work);
      } catch (error) {
        if (error instanceof BrokenQueue) {
          if (repaired.has(error.backend)) throw error;
          repaired.add(error.backend);
          await this.takeOffline(error);
          continue;
        }
        if (!(error instanceof BrokenDeadline)) throw error;
        const { kind, subject, id } = error.due;
        // This change re-creates the broken deadline, so reject it.
        if (repaired.has(`${kind} ${subject} ${id}`)) throw error;
        repaired.add(`${kind} ${subject} ${id}`);
        this.logger.error(
          `${error.message} The deadline is disarmed. An admin can close the session or cancel the job.`,
        );
        // Not through `run`: that would store that the service is alive before a start has read when it was last alive.
        await this.store.write((tx) => tx.disarmDeadline(error.due));
      }
    }
  }

  /** Takes a backend offline and leaves its rows unchanged: an operator or another version may be able to read them. */
  private async takeOffline({ backend: name, message, why }: BrokenQueue): Promise<void> {
    this.logger.error(
      `${message} The backend is now offline. Repair the row, then set the backend online or restart the service.`,
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

  private async attempt<T>(work: (unit: UnitOfWork) => Promise<T>): Promise<T> {
    let openUnit: UnitOfWork | null = null;
    let completeUnit: UnitOfWork | null = null;
    try {
      const { value, unit } = await this.store.write(async (tx) => {
        // The computer's clock may have been set back between two starts. The service's time never goes back.
        if (!this.hasTime) this.clock.startFrom(Number((await tx.facts.get('alive_at')) ?? 0));
        this.hasTime = true;
        const unit = new UnitOfWork(
          tx,
          this.clock.now(),
          this.ids,
          this.memory,
          this.settings.fairShareWindow,
        );
        openUnit = unit;
        const value = await work(unit);
        await removeArrivedReceipts(unit, this.memory.answers);
        await tx.facts.set('alive_at', String(unit.at));
        completeUnit = unit;
        return { value, unit };
      });
      for (const run of unit.committed) run();
      if (unit.logged) this.changes.next();
      await this.perform(unit.effects);
      return value;
    } catch (error) {
      // The rollback may include deadlines that had just been applied, so look for due deadlines again.
      this.memory.deadlines.next = -Infinity;
      for (const run of (openUnit as UnitOfWork | null)?.failed ?? []) run();
      if (completeUnit !== null) await this.performIfStored(completeUnit);
      throw error;
    } finally {
      this.wakeAt(this.memory.deadlines.next);
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
   * Performs the effects that the stored rows confirm. Called if the store failed during the commit, which may have
   * succeeded all the same: a stored running attempt must have a process.
   */
  private async performIfStored({ effects }: UnitOfWork): Promise<void> {
    for (const effect of effects) {
      if (effect.type === 'release') {
        const session = await this.store.read.session(effect.session).catch(() => null);
        if (session?.state === 'closed') await this.perform([effect]);
        continue;
      }
      const job = await this.store.read.job(effect.job).catch(() => null);
      const isConfirmed =
        job?.token === effect.token && (['start', 'resume'].includes(effect.type) || job.stop !== null);
      if (isConfirmed) await this.perform([effect]);
    }
  }

  /**
   * Performs the effects of a committed change. Failures are only logged: the change must not look failed, and one
   * runner must not hold up the others.
   */
  private async perform(effects: readonly Effect[]): Promise<void> {
    for (const effect of effects) {
      try {
        await this.performOne(effect);
      } catch (error) {
        const whose = 'job' in effect ? `job ${effect.job}` : `session ${effect.session}`;
        // A failed stop is followed by a kill, and a failed kill by another.
        this.logger.error(`The runner of ${whose} did not receive ${effect.type}: ${String(error)}`);
      }
    }
  }

  private async performOne(effect: Effect): Promise<void> {
    if (effect.type === 'release') {
      this.memory.clientSeen.delete(effect.session);
      this.runners.release(effect.session);
    } else if (effect.type === 'stop') this.runners.stop(effect.job, effect.token);
    else if (effect.type === 'kill') this.runners.kill(effect.job, effect.token);
    else await this.startRunner(effect.job, effect.token, effect.type === 'resume');
  }

  private async startRunner(id: string, token: string, resume: boolean): Promise<void> {
    try {
      await this.sendTask(id, token, resume);
    } catch (error) {
      this.logger.error(`Job ${id} could not be sent to a runner: ${String(error)}`);
      // No process has the attempt, so `stop` reports it as lost.
      this.runners.stop(id, token);
    }
  }

  /** `resume`: the runner already has the attempt, and must be contacted even if the attempt is stopping. */
  private async sendTask(id: string, token: string, resume: boolean): Promise<void> {
    const queued = await this.store.read.job(id);
    if (queued === null) return;
    const [params, backend] = await Promise.all([
      this.store.read.params(id),
      this.store.read.backend(queued.backend),
    ]);
    // Read the job last: an attempt that was stopped or lost meanwhile must not start. Its stop finds no process and
    // ends it.
    const job = await this.store.read.job(id);
    if (job?.token !== token || (job.stop !== null && !resume)) return;
    if (params === null || backend === null) throw new Error('its params or its backend no longer exist');
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
