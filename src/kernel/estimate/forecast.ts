import type { Millis } from '../time.js';
import type { Chance } from './chance.js';
import { Durations } from './durations.js';
import { Setting } from './field.js';
import { horizon, type ForecastInstance, type ForecastJob, type ForecastView } from './forecast.view.js';
import { Playback, probe, type Run } from './playback.js';

/** How long something waits from now on: at most so long in half, and in nine of ten, of all cases. Null: for ever. */
export interface Wait {
  readonly p50: Millis | null;
  readonly p90: Millis | null;
}

const mostRuns = 100;
const fewestRuns = 20;

/** What one forecast may cost, in microseconds of a core of 2024: a request waits for it, though not the whole service. */
const effort = 30_000;

/**
 * Plays the backend forward many times with durations that chance draws, once where all are known. Pauses after each run,
 * so that whoever computes it can do something else in between. `asker`: the instance whose next lone job is asked for;
 * null: only what is queued.
 */
export function* forecast(
  view: ForecastView,
  chance: Chance,
  asker: string | null = null,
): Generator<void, Forecast> {
  const setting = new Setting(withProbe(view, asker));
  const durations = new Durations(view.recent);
  const { runs: wanted, starts } = plan(view, setting);
  const runs: Run[] = [];
  for (let run = 0; run < wanted; run += 1) {
    const playback = new Playback(setting, durations, (job) => chance(run, job));
    runs.push(playback.run(starts, asker !== null));
    yield;
  }
  return new Forecast(view.at, setting, runs);
}

/** What may happen to the queue of one backend. */
export class Forecast {
  constructor(
    private readonly at: Millis,
    private readonly setting: Setting,
    private readonly runs: readonly Run[],
  ) {}

  /** When a queued job starts. `place`: where it stands in the queue, for one that came later or is far behind. */
  waitOf(job: string, place: number, now: Millis): Wait {
    const index = this.setting.jobs.get(job)?.index;
    return this.wait(now, (run) => {
      const start = index === undefined ? NaN : (run.startOf[index] ?? NaN);
      return Number.isNaN(start) ? this.startOfPlace(run, place) : start;
    });
  }

  /** When a lone job of the asker would start; `queued`: how many wait, for a queue that is too long to be played. */
  waitOfNext(queued: number, now: Millis): Wait {
    return this.waitOf(probe, queued + 1, now);
  }

  private wait(now: Millis, startIn: (run: Run) => Millis): Wait {
    const waits = this.runs.map((run) => Math.max(0, startIn(run) - now)).sort((a, b) => a - b);
    return { p50: quantile(waits, 0.5), p90: quantile(waits, 0.9) };
  }

  /** Beyond the end of the run the queue is expected to go on at its pace. */
  private startOfPlace({ starts, probeAt }: Run, place: number): Millis {
    const played = starts[place - 1];
    if (played !== undefined) return played;
    const last = probeAt ?? starts.at(-1) ?? this.at;
    const pace = (last - this.at) / Math.max(1, starts.length);
    return Math.round(last + pace * Math.max(0, place - starts.length - 1));
  }
}

/** The least value that so much of the sample does not exceed. */
function quantile(sorted: readonly number[], part: number): number | null {
  const value = sorted[Math.ceil(part * sorted.length) - 1];
  return value === undefined || value === Infinity ? null : value;
}

/** How many futures, and how many starts of each: fewer where a start costs more, because it is a choice among more. */
function plan(
  { running, slots, instances }: ForecastView,
  { all }: Setting,
): { runs: number; starts: number } {
  // Measured: 1.4 µs with one slot and one instance, 5 with 100 instances, 18 with 1000 slots and 20 instances.
  const cost = 1.5 + instances.length / 25 + slots.length / 60 + Math.min(8, slots.length) / 4;
  const starts = Math.min(horizon, Math.floor(effort / cost / fewestRuns));
  if ([...running, ...all].every(({ duration }) => duration !== null)) return { runs: 1, starts };
  const runs = Math.floor(effort / cost / Math.min(starts, all.length));
  return { runs: Math.min(mostRuns, Math.max(fewestRuns, runs)), starts };
}

/** Behind the asker's own queue, or behind everybody's. */
function withProbe(view: ForecastView, asker: string | null): ForecastView {
  const id = asker ?? probe;
  const job: ForecastJob = {
    id: probe,
    seq: Number.MAX_SAFE_INTEGER,
    instance: id,
    program: probe,
    duration: 0,
    maxExecutionTime: Infinity,
  };
  const last = { id, shares: 1, charged: Infinity, rate: 0, budget: null, waiting: [], more: false };
  const own: ForecastInstance = view.instances.find((instance) => instance.id === asker) ?? last;
  const others = view.instances.filter((instance) => instance !== own);
  // Where not all of its queue is shown nobody knows when its end comes.
  const waiting = own.more ? own.waiting : [...own.waiting, job];
  return { ...view, instances: [...others, { ...own, waiting }] };
}
