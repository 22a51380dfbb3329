import type { HttpAnswer } from './http.js';
import type { Steps } from './steps.js';

/** A request whose input grows with `n`. */
export interface Growing {
  /** The operation as in the OpenAPI document, such as `PUT /nexosis/v1/data/{name}`. */
  readonly operation: string;
  /** In which way the input is large. */
  readonly shape: string;
  /** The smallest `n`. The other inputs have 2n and 4n. */
  readonly from: number;
  /** The expected status. Any other status means that the input was not processed. */
  readonly status: number;
  /** The expected text of a refusal, to be sure that it is the right one. */
  readonly says?: RegExp;
  /** The refusal comes before the rest of the input is read, so its work must not grow at all. */
  readonly stops?: true;
  /** The input is read by Node's own code, whose steps are counted only if this process has not run it before. */
  readonly byNode?: true;
  readonly send: (n: number) => Promise<HttpAnswer>;
}

export interface Growth {
  readonly name: string;
  /** Steps ({@link Steps}) for n, 2n and 4n, and the exponent of their growth; null: no growth. */
  readonly steps: readonly number[];
  readonly ofSteps: number | null;
  /** Processor time of the whole process in microseconds, and the exponent of its growth; null: too short to tell. */
  readonly time: readonly number[];
  readonly ofTime: number | null;
  readonly answers: readonly HttpAnswer[];
}

/** Differences in steps below this come from timers. */
const fewSteps = 1500;
/** Shorter times are ignored, because most of such a time is constant per request. In microseconds. */
const shortTime = 50_000;

/**
 * Measures a request with n, 2n and 4n. Other activity in the process only adds work, so the minimum of `rounds`
 * counts. There are up to five rounds while the exponent is above `most`.
 */
export async function growthOf(
  { operation, shape, from, send }: Growing,
  counter: Steps,
  rounds: number,
  most: number,
): Promise<Growth> {
  const sizes = [from, 2 * from, 4 * from];
  const [steps, time] = [sizes.map(() => Infinity), sizes.map(() => Infinity)];
  const answers: HttpAnswer[] = [];
  // Warm-up: the code gets compiled.
  await send(from);
  const looksBad = () => !((powerOfSteps(steps) ?? 0) < most && (powerOfTime(time) ?? 0) < most);
  for (let round = 0; round < rounds || (round < 5 && looksBad()); round += 1) {
    for (const [i, size] of sizes.entries()) {
      await counter.take();
      const before = process.cpuUsage();
      answers[i] = await send(size);
      const { user, system } = process.cpuUsage(before);
      time[i] = Math.min(time[i] ?? Infinity, user + system);
      steps[i] = Math.min(steps[i] ?? Infinity, await counter.take());
    }
  }
  return {
    ...{ name: `${operation}, ${shape}`, steps, time, answers },
    ...{ ofSteps: powerOfSteps(steps), ofTime: powerOfTime(time) },
  };
}

/** For a + b·nᵖ the differences have the ratio 2ᵖ for any a, so the constant work of a request does not count. */
function powerOfSteps([first = 0, second = 0, third = 0]: readonly number[]): number | null {
  if (third - first < fewSteps) return null;
  return Math.log2((third - second) / Math.max(second - first, fewSteps / 3));
}

/** The exponent of times, which are not exact enough for differences. */
const powerOfTime = ([first = 0, , third = 0]: readonly number[]): number | null =>
  third < shortTime ? null : Math.log2(third / first) / 2;

const power = (value: number | null) => (value === null ? '   -' : value.toFixed(2).padStart(5));
const list = (values: readonly number[], unit: number) =>
  values.map((value) => Math.round(value / unit)).join(', ');

/** Formats one line per request, with its meaningful measures. */
export const table = (all: readonly Growth[]): string =>
  [
    `${'exponents: of counted steps, of processor time'.padEnd(84)} steps  time  thousands of steps; ms; status`,
    ...all.map(
      ({ name, steps, time, ofSteps, ofTime, answers }) =>
        `${name.padEnd(84)} ${power(ofSteps)} ${power(ofTime)}  ${list(steps, 1000)}; ${list(time, 1000)}; ${answers[0]?.status ?? ''}`,
    ),
  ].join('\n');
