import type { Millis } from '../time.js';
import type { Chance } from './chance.js';
import { Durations } from './durations.js';
import { SimulationInput } from './simulated-backend.js';
import { horizon, type ForecastInstance, type ForecastJob, type ForecastView } from './forecast.view.js';
import { Playback, probe, type Run } from './playback.js';

/** Remaining time to a start: the 50th and 90th percentile over all runs. Null: the job never starts. */
export interface Wait {
  readonly p50: Millis | null;
  readonly p90: Millis | null;
}

const maxRuns = 100;
const minRuns = 20;

/**
 * CPU time of one forecast in microseconds, on a core of 2024. A request waits for it, though not the whole service.
 */
const cpuBudget = 30_000;

/**
 * Plays the backend forward many times with random durations, or once if all durations are known. Yields after each
 * run, so that the caller can do other work in between. `requester`: the instance whose next lone job is estimated,
 * too; null: only queued jobs are.
 */
export function* forecast(
  view: ForecastView,
  chance: Chance,
  requester: string | null = null,
): Generator<void, Forecast> {
  const setting = new SimulationInput(withProbe(view, requester));
  const durations = new Durations(view.recent);
  const { runs: runCount, starts } = planRuns(view, setting);
  const runs: Run[] = [];
  for (let run = 0; run < runCount; run += 1) {
    const playback = new Playback(setting, durations, (job) => chance(run, job));
    runs.push(playback.run(starts, requester !== null));
    yield;
  }
  return new Forecast(view.at, setting, runs);
}

/** The predicted starts of one backend's queued jobs. */
export class Forecast {
  constructor(
    private readonly at: Millis,
    private readonly setting: SimulationInput,
    private readonly runs: readonly Run[],
  ) {}

  /** Returns the wait of a queued job. `place`: its place in the queue, used if the runs did not get to the job. */
  waitOf(job: string, place: number, now: Millis): Wait {
    const index = this.setting.jobs.get(job)?.index;
    return this.wait(now, (run) => {
      const start = index === undefined ? NaN : (run.startOf[index] ?? NaN);
      return Number.isNaN(start) ? this.startOfPlace(run, place) : start;
    });
  }

  /**
   * Returns the wait of the requester's next lone job. `queued`: number of waiting jobs, used if the queue was cut off.
   */
  waitOfNext(queued: number, now: Millis): Wait {
    return this.waitOf(probe, queued + 1, now);
  }

  private wait(now: Millis, startIn: (run: Run) => Millis): Wait {
    const waits = this.runs.map((run) => Math.max(0, startIn(run) - now)).sort((a, b) => a - b);
    return { p50: quantile(waits, 0.5), p90: quantile(waits, 0.9) };
  }

  /** Returns the start of the job at `place`, extrapolated at the run's pace if the run ended before. */
  private startOfPlace({ starts, probeAt }: Run, place: number): Millis {
    const played = starts[place - 1];
    if (played !== undefined) return played;
    const last = probeAt ?? starts.at(-1) ?? this.at;
    const pace = (last - this.at) / Math.max(1, starts.length);
    return Math.round(last + pace * Math.max(0, place - starts.length - 1));
  }
}

/** Returns the smallest value that at least `part` of the sample does not exceed. */
function quantile(sorted: readonly number[], part: number): number | null {
  const value = sorted[Math.ceil(part * sorted.length) - 1];
  return value === undefined || value === Infinity ? null : value;
}

/**
 * Decides how many runs to play and how many starts each has: fewer if a start costs more because the backend is
 * larger.
 */
function planRuns(
  { running, slots, instances }: ForecastView,
  { all }: SimulationInput,
): { runs: number; starts: number } {
  // Measured: 1.4 µs with one slot and one instance, 5 with 100 instances, 18 with 1000 slots and 20 instances.
  const cost = 1.5 + instances.length / 25 + slots.length / 60 + Math.min(8, slots.length) / 4;
  const starts = Math.min(horizon, Math.floor(cpuBudget / cost / minRuns));
  if ([...running, ...all].every(({ duration }) => duration !== null)) return { runs: 1, starts };
  const runs = Math.floor(cpuBudget / cost / Math.min(starts, all.length));
  return { runs: Math.min(maxRuns, Math.max(minRuns, runs)), starts };
}

/** Adds the probe behind the requester's own waiting jobs or, without a requester, behind all waiting jobs. */
function withProbe(view: ForecastView, requester: string | null): ForecastView {
  const id = requester ?? probe;
  const job: ForecastJob = {
    id: probe,
    seq: Number.MAX_SAFE_INTEGER,
    instance: id,
    program: probe,
    duration: 0,
    maxExecutionTime: Infinity,
  };
  const last = { id, shares: 1, charged: Infinity, rate: 0, budget: null, waiting: [], more: false };
  const own: ForecastInstance = view.instances.find((instance) => instance.id === requester) ?? last;
  const others = view.instances.filter((instance) => instance !== own);
  // If part of the requester's queue is left out, its end is unknown, so leave out the probe, too.
  const waiting = own.more ? own.waiting : [...own.waiting, job];
  return { ...view, instances: [...others, { ...own, waiting }] };
}
