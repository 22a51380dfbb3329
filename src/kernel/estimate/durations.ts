import { seconds, type Millis } from '../time.js';
import type { Finished, ForecastJob } from './forecast.view.js';

/** So many jobs of the own instance tell more about the next one than those of everybody. */
const enough = 5;

/** Where nothing is known about a program: anything between these is equally likely in order of magnitude. */
const shortest = seconds(1);
const longest = seconds(600);

/** How long jobs of one backend last, as far as those that finished recently tell. */
export class Durations {
  private readonly samples = new Map<string, Millis[]>();

  constructor(recent: readonly Finished[]) {
    for (const { program, instance, duration } of recent) {
      this.add(program, duration);
      this.add(keyOf(program, instance), duration);
    }
    for (const sample of this.samples.values()) sample.sort((a, b) => a - b);
  }

  /**
   * How long `job` lasts when chance says `u`, given that it has `ranFor` so long already: known for a script, else as
   * the program's recent jobs of its instance, else of the backend, else anything. Never more than its limit.
   */
  draw(job: Omit<ForecastJob, 'id'>, u: number, ranFor: Millis = 0): Millis {
    return Math.min(job.maxExecutionTime, job.duration ?? this.drawUnknown(job, u, ranFor));
  }

  /** How long such a job usually lasts, at most its limit; null where no job of its program has finished yet. */
  typical(job: Omit<ForecastJob, 'id' | 'seq'>): Millis | null {
    const sample = this.sampleOf(job);
    const usual = job.duration ?? sample[Math.floor(sample.length / 2)];
    return usual === undefined ? null : Math.min(job.maxExecutionTime, usual);
  }

  private drawUnknown(job: Omit<ForecastJob, 'id'>, u: number, ranFor: Millis): Millis {
    const sample = this.sampleOf(job);
    const first = ranFor === 0 ? 0 : firstAbove(sample, ranFor);
    const drawn = sample[first + Math.floor(u * (sample.length - first))];
    return drawn ?? anything(u, ranFor);
  }

  private sampleOf({ program, instance }: Pick<ForecastJob, 'program' | 'instance'>): readonly Millis[] {
    const own = this.samples.get(keyOf(program, instance)) ?? [];
    return own.length >= enough ? own : (this.samples.get(program) ?? []);
  }

  private add(key: string, duration: Millis): void {
    const known = this.samples.get(key);
    if (known === undefined) this.samples.set(key, [duration]);
    else known.push(duration);
  }
}

/** Programs have no control characters in their names. */
const keyOf = (program: string, instance: string): string => `${program}\n${instance}`;

/** It has outlived all that is known, or nothing is known: it may end soon or take as long again. */
function anything(u: number, ranFor: Millis): Millis {
  const low = Math.max(shortest, ranFor);
  const high = Math.max(longest, 2 * ranFor);
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
