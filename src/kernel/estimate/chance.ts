/** Returns a random number in [0, 1) for one job in one run. */
export type Chance = (run: number, job: number) => number;

/**
 * Reproducible random numbers: the same seed, run and job always give the same number. A job therefore gets the same
 * duration in a run whatever else is queued, and an estimate does not change while the queue does not.
 */
export const seeded =
  (seed: number): Chance =>
  (run, job) =>
    mix(mix(mix(seed) ^ run) ^ job ^ Math.floor(job / 2 ** 32)) / 2 ** 32;

/** The finalizer of MurmurHash3: changing any bit of the input changes about half of the output bits. */
function mix(n: number): number {
  let h = (n + 0x9e3779b9) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
