import fc from 'fast-check';
import { run, type Options, type RunResult } from './run.js';
import { histories, type History, type Step, type Wanted } from './steps.js';

export interface Shrunk {
  readonly history: History;
  readonly outcome: RunResult;
  /** The path of the counterexample for fast-check, from the same seed. */
  readonly path: string | null;
  readonly runs: number;
}

/**
 * Finds the shortest history that still breaks the law. First removes large pieces while the rest still fails. Then
 * fast-check removes and simplifies the remaining steps one by one.
 */
export async function shrink(
  history: History,
  wanted: Wanted,
  { seconds = 60, ...options }: Options & { seconds?: number } = {},
): Promise<Shrunk> {
  const until = performance.now() + seconds * 1000;
  let runs = 0;
  const attempt = async (candidate: History): Promise<RunResult> => {
    runs += 1;
    return run(candidate, { toTheEnd: false, fullEvery: 50, ...options });
  };
  let best = history;
  let outcome = await attempt(best);
  if (outcome.broken === null) {
    // Only the checks at the end of a history find the failure.
    options = { ...options, toTheEnd: true };
    outcome = await attempt(best);
    if (outcome.broken === null) return { history, outcome, path: null, runs };
  }
  const { law } = outcome.broken ?? { law: '' };
  const fails = (found: RunResult) => found.broken !== null && found.broken.law === law;
  const cut = ({ setup, happenings }: History, found: RunResult) => ({
    setup,
    happenings: happenings.slice(0, found.steps),
  });
  best = cut(best, outcome);

  const isTimeUp = () => performance.now() > until;
  const tryIt = async (candidate: History): Promise<boolean> => {
    const found = await attempt(candidate);
    if (!fails(found)) return false;
    best = cut(candidate, found);
    return true;
  };
  const withoutFaults = best.happenings.map(({ step }) => ({ step, fault: null }));
  await tryIt({ ...best, happenings: withoutFaults });
  for (let size = Math.ceil(best.happenings.length / 2); size >= 1 && !isTimeUp();) {
    let smaller = false;
    for (let from = best.happenings.length - size; from > -size && !isTimeUp(); from -= size) {
      const happenings = best.happenings.filter((_, i) => i < from || i >= from + size);
      if (happenings.length < best.happenings.length && (await tryIt({ ...best, happenings })))
        smaller = true;
    }
    if (size > 1) size = Math.ceil(size / 2);
    else if (!smaller) break;
  }

  for (let i = 0; i < best.happenings.length; i += 1) {
    let fewer = fewerAtOnce(best, i);
    while (fewer.length > 0 && !isTimeUp()) {
      const [next, ...others] = fewer;
      fewer = next !== undefined && (await tryIt(next)) ? fewerAtOnce(best, i) : others;
    }
  }

  const result = await fc.check(
    fc.asyncProperty(histories({ ...wanted, steps: best.happenings.length }), async (candidate) => {
      if (isTimeUp()) return true;
      const found = await attempt(candidate);
      if (!fails(found)) return true;
      best = cut(candidate, found);
      outcome = found;
      return false;
    }),
    { examples: [[best]], numRuns: 1, seed: 1 },
  );
  return { history: best, outcome: await attempt(best), path: result.counterexamplePath, runs };
}

/** Returns all histories with one part of the concurrent step `i` removed; none if the step has only one part. */
function fewerAtOnce({ setup, happenings }: History, i: number): History[] {
  const happening = happenings[i];
  if (happening?.step.do !== 'together') return [];
  const { steps } = happening.step;
  return steps.map((_, without) => {
    const [first, ...rest] = steps.filter((_, at) => at !== without);
    const step: Step =
      first !== undefined && rest.length === 0
        ? first
        : { do: 'together', steps: first ? [first, ...rest] : [] };
    return { setup, happenings: happenings.map((each, at) => (at === i ? { ...each, step } : each)) };
  });
}
