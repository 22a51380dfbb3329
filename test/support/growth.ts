import type { Answer } from './http.js';
import type { Steps } from './steps.js';

/** A request whose input has `n` of something. */
export interface Growing {
  /** As the OpenAPI document has it: `PUT /nexosis/v1/data/{name}`. */
  readonly operation: string;
  /** In which way the input is large. */
  readonly shape: string;
  /** The smallest `n`; the others are two and four times as many. */
  readonly from: number;
  /** What the answer must be: anything else means that the input was not looked at. */
  readonly status: number;
  /** Of a refusal: what its text says, so that it is no other. */
  readonly says?: RegExp;
  /** The refusal comes before the rest is read: its work must not grow at all. */
  readonly stops?: true;
  /** It is read by code of Node's own, whose steps are counted only where this process has not run it before. */
  readonly byNode?: true;
  readonly send: (n: number) => Promise<Answer>;
}

export interface Growth {
  readonly name: string;
  /** Steps ({@link Steps}) for n, 2n and 4n, and the power of n with which they grow; null: they do not. */
  readonly steps: readonly number[];
  readonly ofSteps: number | null;
  /** Microseconds of processor time of the whole process, and their power; null: too few to say anything. */
  readonly time: readonly number[];
  readonly ofTime: number | null;
  readonly answers: readonly Answer[];
}

/** Steps that come and go with timers. */
const fewSteps = 1500;
/** A time below this says nothing: much of it is what any request takes. Microseconds. */
const shortTime = 50_000;

/**
 * Measures a request with n, 2n and 4n of something. What else happens in the process only ever adds to the work, so the least
 * of `rounds` counts, and there are up to five of them while it looks worse than `most`.
 */
export async function growthOf(
  { operation, shape, from, send }: Growing,
  counter: Steps,
  rounds: number,
  most: number,
): Promise<Growth> {
  const sizes = [from, 2 * from, 4 * from];
  const [steps, time] = [sizes.map(() => Infinity), sizes.map(() => Infinity)];
  const answers: Answer[] = [];
  // Until the code is compiled.
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

/** Of a + b·nᵖ the differences have the ratio 2ᵖ, whatever a is: the work that any request takes does not count. */
function powerOfSteps([first = 0, second = 0, third = 0]: readonly number[]): number | null {
  if (third - first < fewSteps) return null;
  return Math.log2((third - second) / Math.max(second - first, fewSteps / 3));
}

/** Times are not exact enough for that. */
const powerOfTime = ([first = 0, , third = 0]: readonly number[]): number | null =>
  third < shortTime ? null : Math.log2(third / first) / 2;

const power = (value: number | null) => (value === null ? '   -' : value.toFixed(2).padStart(5));
const list = (values: readonly number[], unit: number) =>
  values.map((value) => Math.round(value / unit)).join(', ');

/** For people: one line for each request, with the measures that say something of it. */
export const table = (all: readonly Growth[]): string =>
  [
    `${'exponents: of counted steps, of processor time'.padEnd(84)} steps  time  thousands of steps; ms; status`,
    ...all.map(
      ({ name, steps, time, ofSteps, ofTime, answers }) =>
        `${name.padEnd(84)} ${power(ofSteps)} ${power(ofTime)}  ${list(steps, 1000)}; ${list(time, 1000)}; ${answers[0]?.status ?? ''}`,
    ),
  ].join('\n');
