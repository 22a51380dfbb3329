import { Inject, Injectable } from '@nestjs/common';
import type { Backend } from '../kernel/backend/backend.js';
import type { Place } from '../kernel/choice/waiting.js';
import { Durations } from '../kernel/estimate/durations.js';
import { seeded } from '../kernel/estimate/chance.js';
import { forecast, type Forecast, type Wait } from '../kernel/estimate/forecast.js';
import type { ForecastView } from '../kernel/estimate/forecast.view.js';
import type { Job } from '../kernel/job/job.js';
import type { Millis } from '../kernel/time.js';
import { SETTINGS, type SchedulerSettings } from './commands.service.js';
import { CLOCK, STORE, type Clock, type Store } from './ports.js';

/** How long something has to wait, or why nobody can tell. */
export interface WaitEstimate {
  readonly wait: Wait | null;
  readonly reason: string | null;
}

interface Kept {
  readonly forecast: Promise<Forecast | null>;
  /** What it was made from: the last event and the time. */
  readonly state: string;
  /** The computer's time when it was asked for. */
  readonly askedAt: Millis;
}

/** Clients poll ten times a second for each job that waits; what they see moves on by itself in between. */
const freshFor: Millis = 1000;
/** Forecasts take at most one part in so many of the computer's time, and grow older instead. */
const idleParts = 5;
/** How long jobs usually take changes slowly. */
const durationsFreshFor: Millis = 10_000;
const noDurations = new Durations([]);
/** One per backend and instance that asked. */
const mostKept = 500;
/** Another seed would tell as much. */
const chance = seeded(1);

/**
 * When queued jobs will start, by playing the queue forward. Only when someone asks, never while something is written; a
 * forecast is kept for a second, on a virtual clock until anything happens.
 */
@Injectable()
export class EstimatesService {
  private readonly kept = new Map<string, Kept>();
  private readonly durations = new Map<string, { durations: Durations; readAt: Millis }>();
  /** Forecasts are made one after the other. */
  private making: Promise<unknown> = Promise.resolve();
  private restUntil: Millis = 0;

  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: SchedulerSettings,
  ) {}

  /** How long a queued job has to wait from now on; null for any other. `place`: where it stands. */
  async ofJob(job: Job, place: Place | null): Promise<WaitEstimate | null> {
    if (job.state !== 'queued' || place === null) return null;
    const backend = await this.store.read.backend(job.backend);
    if (backend === null) return null;
    const closed = notOnline(backend);
    if (closed !== null) return closed;
    const known = await this.forecastOf(backend.name, null);
    const wait = known?.waitOf(job.id, place.position, this.clock.now()) ?? null;
    return estimateOf(wait, 'its session or the budget of its instance may well end before it can start');
  }

  /** How long a lone job of this instance would have to wait if it were submitted now. */
  async ofBackend(backend: Backend, instance: string): Promise<WaitEstimate> {
    const closed = notOnline(backend);
    if (closed !== null) return closed;
    const known = await this.forecastOf(backend.name, instance);
    const wait = known?.waitOfNext(backend.queuedJobs, this.clock.now()) ?? null;
    return estimateOf(wait, 'the budget of your instance is used up');
  }

  /** How long a job will probably run, or ran; null where nothing is known about its program. */
  async runningTime(job: Job): Promise<Millis | null> {
    const { backend, program, instance, maxExecutionTime, script } = job;
    const known = script === null ? await this.durationsOf(backend, program) : noDurations;
    return known.typical({ program, instance, maxExecutionTime, duration: script?.duration ?? null });
  }

  /** Asked as often as a job is polled, so it is kept; as long as nothing is known a new one may tell. */
  private async durationsOf(backend: string, program: string): Promise<Durations> {
    const key = `${backend}\n${program}`;
    const now = this.clock.wall();
    const kept = this.durations.get(key);
    if (kept !== undefined && kept.readAt <= now && now < kept.readAt + durationsFreshFor)
      return kept.durations;
    const finished = await this.store.read.finished(backend, program);
    const durations = new Durations(finished);
    if (finished.length > 0) this.durations.set(key, { durations, readAt: now });
    return durations;
  }

  private async forecastOf(backend: string, asker: string | null): Promise<Forecast | null> {
    const key = `${backend}\n${asker ?? ''}`;
    const state = `${await this.store.read.lastEvent()} ${this.clock.now()}`;
    const known = this.kept.get(key);
    if (known !== undefined && this.isFresh(known, state)) return known.forecast;
    const made = this.making.then(() => this.make(backend, asker));
    this.making = made.catch(() => undefined);
    const kept: Kept = { forecast: made, state, askedAt: this.clock.wall() };
    made.catch(() => this.kept.get(key) === kept && this.kept.delete(key));
    this.keep(key, kept);
    // Whoever asked before has an answer that is good enough until the new one is there.
    return known !== undefined && this.clock.mode === 'real' && kept.askedAt - known.askedAt < 5 * freshFor
      ? known.forecast
      : made;
  }

  private isFresh(known: Kept, state: string): boolean {
    if (this.clock.mode === 'virtual') return known.state === state;
    const now = this.clock.wall();
    // A computer's clock that was set back makes nothing younger.
    return known.askedAt <= now && now < Math.max(known.askedAt + freshFor, this.restUntil);
  }

  private keep(key: string, kept: Kept): void {
    this.kept.delete(key);
    this.kept.set(key, kept);
    const [oldest] = this.kept.keys();
    if (this.kept.size > mostKept && oldest !== undefined) this.kept.delete(oldest);
  }

  private async make(backend: string, asker: string | null): Promise<Forecast | null> {
    const view = await this.read(backend, asker);
    if (view === null) return null;
    const runs = forecast(view, chance, asker);
    let took = 0;
    for (;;) {
      const from = performance.now();
      const { done, value } = runs.next();
      took += performance.now() - from;
      if (done === true) {
        this.restUntil = this.clock.wall() + took * idleParts;
        return value;
      }
      // Between two futures requests and deadlines have their turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The reads are several statements: when something was committed in between they are made again. */
  private async read(backend: string, asker: string | null): Promise<ForecastView | null> {
    for (let attempt = 1; ; attempt += 1) {
      const before = await this.store.read.lastEvent();
      const view = await this.store.read.forecast(backend, this.clock.now(), this.settings.window, asker);
      if (attempt === 3 || (await this.store.read.lastEvent()) === before) return view;
    }
  }
}

const estimateOf = (wait: Wait | null, otherwise: string): WaitEstimate => ({
  wait: wait?.p50 === null ? null : wait,
  reason: wait === null || wait.p50 === null ? otherwise : null,
});

function notOnline({ status, statusReason }: Backend): WaitEstimate | null {
  if (status === 'online') return null;
  return { wait: null, reason: `backend ${status}${statusReason === null ? '' : `: ${statusReason}`}` };
}
