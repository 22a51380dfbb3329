import { Inject, Injectable } from '@nestjs/common';
import type { Backend } from '../kernel/backend/backend.js';
import type { QueuePlace } from '../kernel/choice/waiting.js';
import { Durations } from '../kernel/estimate/durations.js';
import { seeded } from '../kernel/estimate/chance.js';
import { forecast, type Forecast, type Wait } from '../kernel/estimate/forecast.js';
import type { ForecastView } from '../kernel/estimate/forecast.view.js';
import type { Job } from '../kernel/job/job.js';
import type { Millis } from '../kernel/time.js';
import { SETTINGS, type SchedulerSettings } from './commands.service.js';
import { CLOCK, STORE, type Clock, type Store } from './ports.js';

/** How long something has to wait, or the reason why this is unknown. */
export interface WaitEstimate {
  readonly wait: Wait | null;
  readonly reason: string | null;
}

interface CachedForecast {
  readonly forecast: Promise<Forecast | null>;
  /** The state that the forecast was computed from: the last event and the time. */
  readonly state: string;
  /** When the forecast was requested, by the computer's clock. */
  readonly requestedAt: Millis;
}

/** How long a forecast is reused, because clients poll ten times a second. The wait that they see still counts down. */
const freshFor: Millis = 1000;
/** A forecast is reused for at least this many times the duration of the last computation, to limit the load. */
const idleParts = 5;
/** How long durations are reused: they change slowly. */
const durationsFreshFor: Millis = 10_000;
const noDurations = new Durations([]);
/** The most cached forecasts: one per backend and requesting instance. */
const mostCached = 500;
/** Any seed will do. */
const chance = seeded(1);

/**
 * Estimates when queued jobs will start, by playing the queue forward. Runs only on request, never during a write. A
 * forecast is cached for a second, or on a virtual clock until the next event.
 */
@Injectable()
export class EstimatesService {
  private readonly forecasts = new Map<string, CachedForecast>();
  private readonly durations = new Map<string, { durations: Durations; readAt: Millis }>();
  /** Forecasts are computed one after the other. */
  private making: Promise<unknown> = Promise.resolve();
  private restUntil: Millis = 0;

  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: SchedulerSettings,
  ) {}

  /** Returns how long a queued job still has to wait; null for any other job. `place`: its place in the queue. */
  async ofJob(job: Job, place: QueuePlace | null): Promise<WaitEstimate | null> {
    if (job.state !== 'queued' || place === null) return null;
    const backend = await this.store.read.backend(job.backend);
    if (backend === null) return null;
    const offline = notOnline(backend);
    if (offline !== null) return offline;
    const forecast = await this.forecastOf(backend.name, null);
    const wait = forecast?.waitOf(job.id, place.position, this.clock.now()) ?? null;
    return estimateOf(wait, 'its session or the budget of its instance may well end before it can start');
  }

  /** Returns how long a lone job of this instance would have to wait if it were submitted now. */
  async ofBackend(backend: Backend, instance: string): Promise<WaitEstimate> {
    const offline = notOnline(backend);
    if (offline !== null) return offline;
    const forecast = await this.forecastOf(backend.name, instance);
    const wait = forecast?.waitOfNext(backend.queuedJobs, this.clock.now()) ?? null;
    return estimateOf(wait, 'the budget of your instance is used up');
  }

  /** Returns how long such a job usually runs; null if nothing is known about its program. */
  async runningTime(job: Job): Promise<Millis | null> {
    const { backend, program, instance, maxExecutionTime, script } = job;
    const durations = script === null ? await this.durationsOf(backend, program) : noDurations;
    return durations.typical({ program, instance, maxExecutionTime, duration: script?.duration ?? null });
  }

  /**
   * Cached, because it is read as often as a job is polled. An empty result is not cached, so that the first finished
   * job counts.
   */
  private async durationsOf(backend: string, program: string): Promise<Durations> {
    const key = `${backend}\n${program}`;
    const now = this.clock.wall();
    const cached = this.durations.get(key);
    if (cached !== undefined && cached.readAt <= now && now < cached.readAt + durationsFreshFor)
      return cached.durations;
    const finished = await this.store.read.finished(backend, program);
    const durations = new Durations(finished);
    if (finished.length > 0) this.durations.set(key, { durations, readAt: now });
    return durations;
  }

  private async forecastOf(backend: string, requester: string | null): Promise<Forecast | null> {
    const key = `${backend}\n${requester ?? ''}`;
    const state = `${await this.store.read.lastEvent()} ${this.clock.now()}`;
    const earlier = this.forecasts.get(key);
    if (earlier !== undefined && this.isFresh(earlier, state)) return earlier.forecast;
    const made = this.making.then(() => this.make(backend, requester));
    this.making = made.catch(() => undefined);
    const cached: CachedForecast = { forecast: made, state, requestedAt: this.clock.wall() };
    made.catch(() => this.forecasts.get(key) === cached && this.forecasts.delete(key));
    this.cache(key, cached);
    // An earlier forecast is good enough until the new one is ready.
    return earlier !== undefined &&
      this.clock.mode === 'real' &&
      cached.requestedAt - earlier.requestedAt < 5 * freshFor
      ? earlier.forecast
      : made;
  }

  private isFresh(earlier: CachedForecast, state: string): boolean {
    if (this.clock.mode === 'virtual') return earlier.state === state;
    const now = this.clock.wall();
    // A computer's clock that was set back must not make a forecast look fresh.
    return earlier.requestedAt <= now && now < Math.max(earlier.requestedAt + freshFor, this.restUntil);
  }

  private cache(key: string, cached: CachedForecast): void {
    this.forecasts.delete(key);
    this.forecasts.set(key, cached);
    const [oldest] = this.forecasts.keys();
    if (this.forecasts.size > mostCached && oldest !== undefined) this.forecasts.delete(oldest);
  }

  private async make(backend: string, requester: string | null): Promise<Forecast | null> {
    const view = await this.read(backend, requester);
    if (view === null) return null;
    const runs = forecast(view, chance, requester);
    let took = 0;
    for (;;) {
      const from = performance.now();
      const { done, value } = runs.next();
      took += performance.now() - from;
      if (done === true) {
        this.restUntil = this.clock.wall() + took * idleParts;
        return value;
      }
      // Let requests and deadlines run between two runs.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Reads the view with several statements, and again if something was committed in between. */
  private async read(backend: string, requester: string | null): Promise<ForecastView | null> {
    for (let attempt = 1; ; attempt += 1) {
      const before = await this.store.read.lastEvent();
      const view = await this.store.read.forecast(
        backend,
        this.clock.now(),
        this.settings.fairShareWindow,
        requester,
      );
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
