import type { Job } from '../job/job.js';
import { seconds, type Millis } from '../time.js';
import type { FinishedJob, ForecastJob } from './forecast.view.js';

/** With this many samples from the job's own instance, samples from other instances are ignored. */
const minOwnSamples = 5;

/** The assumed range for a program without samples, log-uniform. */
const shortestGuess = seconds(1);
const longestGuess = seconds(600);

/** Returns a job as a sample of its program's duration; null if it has not run to an end or is scripted. */
export const finishedJobOf = ({ program, instance, script, startedAt, endedAt }: Job): FinishedJob | null =>
  script !== null || startedAt === null || endedAt === null
    ? null
    : { program, instance, duration: endedAt - startedAt };

/** Predicts how long jobs on one backend run, from the durations of recently finished jobs. */
export class Durations {
  private readonly samples = new Map<string, Millis[]>();

  constructor(recent: readonly FinishedJob[]) {
    for (const { program, instance, duration } of recent) {
      this.add(program, duration);
      this.add(keyOf(program, instance), duration);
    }
    for (const sample of this.samples.values()) sample.sort((a, b) => a - b);
  }

  /**
   * Draws a duration for `job` with the random number `u`, given that it has already run for `ranFor`. A script has a
   * known duration. Otherwise the samples are the program's recent jobs in its instance, or else on the backend, or
   * else a guess. Never exceeds the job's limit.
   */
  draw(job: Omit<ForecastJob, 'id'>, u: number, ranFor: Millis = 0): Millis {
    return Math.min(job.maxExecutionTime, job.duration ?? this.drawUnknown(job, u, ranFor));
  }

  /** Returns the median duration of such a job, at most its limit; null if no job of its program has finished yet. */
  typical(job: Omit<ForecastJob, 'id' | 'seq'>): Millis | null {
    const sample = this.sampleOf(job);
    const median = job.duration ?? sample[Math.floor(sample.length / 2)];
    return median === undefined ? null : Math.min(job.maxExecutionTime, median);
  }

  private drawUnknown(job: Omit<ForecastJob, 'id'>, u: number, ranFor: Millis): Millis {
    const sample = this.sampleOf(job);
    const first = ranFor === 0 ? 0 : firstAbove(sample, ranFor);
    const duration = sample[first + Math.floor(u * (sample.length - first))];
    return duration ?? guessDuration(u, ranFor);
  }

  private sampleOf({ program, instance }: Pick<ForecastJob, 'program' | 'instance'>): readonly Millis[] {
    const own = this.samples.get(keyOf(program, instance)) ?? [];
    return own.length >= minOwnSamples ? own : (this.samples.get(program) ?? []);
  }

  private add(key: string, duration: Millis): void {
    const sample = this.samples.get(key);
    if (sample === undefined) this.samples.set(key, [duration]);
    else sample.push(duration);
  }
}

/** Unambiguous, because the names of programs contain no control characters. */
const keyOf = (program: string, instance: string): string => `${program}\n${instance}`;

/** Guesses a duration without samples, or longer than all samples: the job may end soon or run as long again. */
function guessDuration(u: number, ranFor: Millis): Millis {
  const low = Math.max(shortestGuess, ranFor);
  const high = Math.max(longestGuess, 2 * ranFor);
  return Math.round(low * (high / low) ** u);
}

function firstAbove(sorted: readonly Millis[], value: Millis): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? Infinity) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
