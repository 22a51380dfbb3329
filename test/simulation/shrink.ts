import fc from 'fast-check';
import { run, type Options, type Outcome } from './run.js';
import { histories, type Happening, type History, type Step, type Wanted } from './steps.js';

export interface Shrunk {
  readonly history: History;
  readonly outcome: Outcome;
  /** Where fast-check found it, from the same seed. */
  readonly path: string | null;
  readonly runs: number;
}

/**
 * The shortest history that still breaks the law. Large pieces are taken out first, as long as what remains still fails;
 * then fast-check shrinks the steps that are left, one by one and each in itself.
 */
export async function shrink(
  history: History,
  wanted: Wanted,
  { seconds = 60, ...options }: Options & { seconds?: number } = {},
): Promise<Shrunk> {
  const until = performance.now() + seconds * 1000;
  let runs = 0;
  const attempt = async (candidate: History): Promise<Outcome> => {
    runs += 1;
    return run(candidate, { toTheEnd: false, fullEvery: 50, ...options });
  };
  let best = history;
  let outcome = await attempt(best);
  if (outcome.broken === null) {
    // It shows only in what the end of a history looks at.
    options = { ...options, toTheEnd: true };
    outcome = await attempt(best);
    if (outcome.broken === null) return { history, outcome, path: null, runs };
  }
  const { law } = outcome.broken ?? { law: '' };
  const fails = (found: Outcome) => found.broken !== null && found.broken.law === law;
  const cut = ({ setup, happenings }: History, found: Outcome) => ({
    setup,
    happenings: happenings.slice(0, found.steps),
  });
  best = cut(best, outcome);

  const late = () => performance.now() > until;
  const tryIt = async (candidate: History): Promise<boolean> => {
    const found = await attempt(candidate);
    if (!fails(found)) return false;
    best = cut(candidate, found);
    return true;
  };
  const calm = best.happenings.map(({ step }) => ({ step, fault: null }));
  await tryIt({ ...best, happenings: calm });
  for (let size = Math.ceil(best.happenings.length / 2); size >= 1 && !late();) {
    let smaller = false;
    for (let from = best.happenings.length - size; from > -size && !late(); from -= size) {
      const happenings = best.happenings.filter((_, i) => i < from || i >= from + size);
      if (happenings.length < best.happenings.length && (await tryIt({ ...best, happenings })))
        smaller = true;
    }
    if (size > 1) size = Math.ceil(size / 2);
    else if (!smaller) break;
  }

  const result = await fc.check(
    fc.asyncProperty(histories({ ...wanted, steps: best.happenings.length }), async (candidate) => {
      if (late()) return true;
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

/** A history as someone would tell it. */
export function told({ setup, happenings }: History): string {
  const backends = setup.backends.map(
    ({ driver, slots, lanes, onIdle }, i) => `b${i}: ${driver}, ${slots} × ${lanes}, on idle ${onIdle}`,
  );
  const steps = happenings.map((happening, i) => `${String(i + 1).padStart(4)}. ${tell(happening)}`);
  const budgets = setup.budgets.map((ms) => (ms === 0 ? 'none' : `${ms / 1000} s`)).join(', ');
  return [`  budgets ${budgets}; shares ${setup.shares.join(' : ')}; ${backends.join('; ')}`, ...steps].join(
    '\n',
  );
}

function tell({ step, fault }: Happening): string {
  const broken = fault === null ? '' : `   ← ${fault.kind} at point ${fault.at}`;
  return `${tellStep(step)}${broken}`;
}

export function tellStep(step: Step): string {
  switch (step.do) {
    case 'open': {
      const ttls = [
        ['max_ttl', step.maxTtl],
        ['active_ttl', step.activeTtl],
        ['interactive_ttl', step.interactiveTtl],
      ] as const;
      const asked = ttls.filter(([, ms]) => ms > 0).map(([name, ms]) => `, ${name} ${ms / 1000} s`);
      return `user ${step.actor} opens a ${step.mode} session on backend ${step.backend}${asked.join('')}`;
    }
    case 'submit': {
      const where =
        step.session < 0
          ? `user ${step.actor} submits to backend ${step.backend}`
          : `session ${step.session} gets`;
      const limit = step.limit > 0 ? `, limit ${step.limit} ms` : '';
      const attempts = step.attempts.map(
        ({ does, after, twice, late, logs }) =>
          `${does} after ${after} ms${twice ? ', twice' : ''}${late ? ', and late' : ''}${logs > 0 ? `, ${logs} lines` : ''}`,
      );
      const runner = attempts.length > 0 ? `; on a runner: ${attempts.join(' | ')}` : '';
      return `${where} a job of ${step.duration} ms, ${step.outcome}${limit}${runner}`;
    }
    case 'cancel':
      return `${step.by} cancels job ${step.job}`;
    case 'drain':
    case 'resume':
    case 'close':
      return `${step.by}: ${step.do} session ${step.session}`;
    case 'adminClose':
      return `an admin closes session ${step.session}; running jobs: ${step.running}`;
    case 'status':
      return `backend ${step.backend} becomes ${step.status}`;
    case 'limits':
      return `the limits of backend ${step.backend} become ${step.scale} times the usual`;
    case 'remove':
    case 'ask':
      return `${step.do} job ${step.job}`;
    case 'advance':
      return `${step.by} ms pass`;
    case 'toDue':
      return `time passes until the next deadline${step.beside === 0 ? '' : ` ${step.beside > 0 ? '+' : '−'} 1 ms`}`;
    case 'sleep':
      return `${step.by} ms pass and the service does not notice`;
    case 'restart':
      return `the service restarts after ${step.down} ms${step.lanes > 0 ? ` with ${step.lanes} lanes` : ''}`;
    case 'together':
      return `at once: ${step.steps.map(tellStep).join(' + ')}`;
  }
}
