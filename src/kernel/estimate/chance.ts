/** A number from 0 up to 1 for one job in one run. */
export type Chance = (run: number, job: number) => number;

/**
 * Reproducible chance: the same seed, run and job always give the same number. A job so lasts equally long in a run
 * whatever else is in the queue, and an estimate does not jitter while the queue stays as it is.
 */
export const seeded =
  (seed: number): Chance =>
  (run, job) =>
    mix(mix(mix(seed) ^ run) ^ job ^ Math.floor(job / 2 ** 32)) / 2 ** 32;

/** The finalizer of MurmurHash3: every bit of the input changes half of the output. */
function mix(n: number): number {
  let h = (n + 0x9e3779b9) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
