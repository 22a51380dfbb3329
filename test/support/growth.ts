import type { Answer } from './http.js';

/** What a request is given whose input has `n` of something. */
export interface Growing {
  readonly name: string;
  /** The smallest `n`; the others are two and four times as many. */
  readonly from: number;
  readonly send: (n: number) => Promise<Answer>;
}

export interface Growth {
  readonly name: string;
  /** Microseconds of processor time for n, 2n and 4n. */
  readonly work: readonly number[];
  /** By which power of its input the work grows: 1 is in step with it, 2 is quadratic. */
  readonly exponent: number;
  readonly statuses: readonly number[];
}

/** Work below this says nothing: it is that of any request. Microseconds. */
const noise = 20_000;

/**
 * Processor time of the whole process, in which client and service run, so that a busy machine changes little. The least of
 * several rounds: what else happens in the process only ever adds to it.
 */
export async function growthOf({ name, from, send }: Growing, rounds = 3): Promise<Growth> {
  const sizes = [from, 2 * from, 4 * from];
  const least = sizes.map(() => Infinity);
  const statuses: number[] = [];
  await send(from); // Until the code is compiled.
  for (let round = 0; round < rounds; round += 1) {
    for (const [i, size] of sizes.entries()) {
      globalThis.gc?.();
      const before = process.cpuUsage();
      const { status } = await send(size);
      const { user, system } = process.cpuUsage(before);
      least[i] = Math.min(least[i] ?? Infinity, user + system);
      statuses[i] = status;
    }
  }
  const [first = 0, , last = 0] = least.map((work) => Math.max(work, noise));
  return { name, work: least, exponent: Math.log2(last / first) / 2, statuses };
}

export const table = (all: readonly Growth[]): string =>
  all
    .map(
      ({ name, work, exponent, statuses }) =>
        `${name.padEnd(62)} ${exponent.toFixed(2)}  ${work.map((us) => `${(us / 1000).toFixed(0)} ms`).join(', ')}  (${[...new Set(statuses)].join(', ')})`,
    )
    .join('\n');
