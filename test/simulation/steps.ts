import fc from 'fast-check';
import type { BackendStatus } from '../../src/kernel/backend/backend.js';
import type { SessionMode } from '../../src/kernel/session/session.js';

/**
 * One step of a history. A step names its subject by a number, taken modulo the number of existing subjects, so that a
 * history stays valid when the shrinker removes steps. Times are in milliseconds.
 */
export type Step =
  | {
      readonly do: 'open';
      readonly actor: number;
      readonly backend: number;
      readonly mode: SessionMode;
      readonly maxTtl: number;
      readonly activeTtl: number;
      readonly interactiveTtl: number;
    }
  | {
      readonly do: 'submit';
      readonly actor: number;
      readonly backend: number;
      /** Below zero: a lone job. */
      readonly session: number;
      readonly limit: number;
      readonly duration: number;
      readonly outcome: 'completed' | 'failed';
      /** The behaviour of each attempt on a runner. Scripted backends ignore it. */
      readonly attempts: readonly Attempt[];
    }
  | { readonly do: 'cancel'; readonly job: number; readonly by: By }
  | { readonly do: 'drain' | 'resume' | 'close'; readonly session: number; readonly by: By }
  | { readonly do: 'adminClose'; readonly session: number; readonly running: 'finish' | 'cancel' }
  | { readonly do: 'status'; readonly backend: number; readonly status: BackendStatus }
  | { readonly do: 'limits'; readonly backend: number; readonly scale: number }
  | { readonly do: 'remove' | 'ask'; readonly job: number }
  | { readonly do: 'advance'; readonly by: number }
  /** Advances to the next deadline, or to just before or after it. */
  | { readonly do: 'toDue'; readonly beside: number }
  /** Advances the time without notifying the service. */
  | { readonly do: 'sleep'; readonly by: number }
  /** Restarts the service on the same file. `lanes`: the configured number from then on (0: unchanged). */
  | { readonly do: 'restart'; readonly down: number; readonly lanes: number }
  /** Several commands that arrive at once and share a commit. */
  | { readonly do: 'together'; readonly steps: readonly Step[] };

export type By = 'owner' | 'admin' | 'stranger';

export interface Attempt {
  readonly does: 'complete' | 'fail' | 'die' | 'hang' | 'deaf';
  readonly after: number;
  readonly twice: boolean;
  /** Whether a lost attempt reports its end later, with its old token. */
  readonly late: boolean;
  readonly logs: number;
}

/** The fault during a step. `at`: the number of the statement or runner call at which it strikes. */
export interface Fault {
  readonly kind: 'kill' | 'statement' | 'commit' | 'answer' | 'runner';
  readonly at: number;
}
export interface Happening {
  readonly step: Step;
  readonly fault: Fault | null;
}

/** The configuration of the service in a history. */
export interface Setup {
  readonly shares: readonly number[];
  /** Budget in milliseconds per fair-share window; 0: no budget. */
  readonly budgets: readonly number[];
  readonly backends: readonly {
    readonly driver: 'scripted' | 'aer';
    readonly slots: number;
    readonly lanes: number;
    readonly onIdle: 'deactivate' | 'close';
  }[];
}

export interface History {
  readonly setup: Setup;
  readonly happenings: readonly Happening[];
}

export interface Wanted {
  readonly steps: number;
  readonly faults: boolean;
  readonly restarts: boolean;
  /** Only steps whose result does not depend on restarts or delays. */
  readonly plain?: boolean;
}

const which = fc.nat({ max: 97 });
const by = fc.constantFrom<By[]>('owner', 'owner', 'owner', 'admin', 'stranger');
const ttls = (...some: number[]) => fc.constantFrom(...some);

const attempt: fc.Arbitrary<Attempt> = fc.record({
  does: fc.constantFrom<Attempt['does'][]>(
    'complete',
    'complete',
    'complete',
    'fail',
    'die',
    'die',
    'hang',
    'deaf',
  ),
  after: fc.constantFrom(0, 1, 700, 2000, 5000, 30_000),
  twice: fc.constantFrom(false, false, false, true),
  late: fc.constantFrom(false, true),
  logs: fc.oneof(
    { weight: 40, arbitrary: fc.constantFrom(0, 0, 0, 0, 1, 3) },
    // A flood: more commands than share one commit.
    { weight: 1, arbitrary: fc.constant(150) },
  ),
});

const open = fc.record({
  do: fc.constant('open' as const),
  actor: which,
  backend: which,
  mode: fc.constantFrom<SessionMode[]>('dedicated', 'batch'),
  maxTtl: ttls(0, 0, 20_000, 60_000, 300_000),
  activeTtl: ttls(0, 0, 5_000, 15_000, 60_000),
  interactiveTtl: ttls(0, 0, 1_000, 5_000, 10_000),
});
const submit = fc.record({
  do: fc.constant('submit' as const),
  actor: which,
  backend: which,
  session: fc.oneof({ weight: 5, arbitrary: which }, { weight: 3, arbitrary: fc.constant(-1) }),
  limit: ttls(0, 0, 0, 1_000, 5_000),
  duration: fc.constantFrom(0, 0, 1, 500, 1000, 2000, 2000, 5000, 9000, 40_000),
  outcome: fc.constantFrom(
    'completed' as const,
    'completed' as const,
    'completed' as const,
    'failed' as const,
  ),
  attempts: fc.array(attempt, { maxLength: 3 }),
});
const cancel = fc.record({ do: fc.constant('cancel' as const), job: which, by });
const patch = fc.record({
  do: fc.constantFrom('drain' as const, 'resume' as const, 'close' as const),
  session: which,
  by,
});
const adminClose = fc.record({
  do: fc.constant('adminClose' as const),
  session: which,
  running: fc.constantFrom('finish' as const, 'cancel' as const),
});
const status = fc.record({
  do: fc.constant('status' as const),
  backend: which,
  status: fc.constantFrom<BackendStatus[]>('online', 'online', 'online', 'paused', 'offline'),
});
const limits = fc.record({
  do: fc.constant('limits' as const),
  backend: which,
  scale: fc.constantFrom(1, 1, 2, 4),
});
const look = fc.record({ do: fc.constantFrom('remove' as const, 'ask' as const), job: which });
const advance = fc.record({
  do: fc.constant('advance' as const),
  by: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(0, 1, 1000, 2000, 5000, 10_000) },
    { weight: 3, arbitrary: fc.nat(20_000) },
    { weight: 1, arbitrary: fc.constantFrom(60_000, 300_000) },
  ),
});
const toDue = fc.record({ do: fc.constant('toDue' as const), beside: fc.constantFrom(0, 0, -1, 1) });
const sleep = fc.record({ do: fc.constant('sleep' as const), by: fc.constantFrom(1, 1000, 7000, 70_000) });
const restart = fc.record({
  do: fc.constant('restart' as const),
  down: fc.constantFrom(0, 0, 1, 3000, 30_000),
  lanes: fc.constantFrom(0, 0, 0, 0, 1, 2, 3),
});

/** Short times, mostly shorter than until the next end, so that submits in between fill the lanes. */
const pause = fc.record({
  do: fc.constant('advance' as const),
  by: fc.constantFrom(0, 1, 1000, 1000, 2000, 2000),
});

const commands: fc.WeightedArbitrary<Step>[] = [
  { weight: 10, arbitrary: open },
  { weight: 36, arbitrary: submit },
  { weight: 6, arbitrary: cancel },
  { weight: 6, arbitrary: patch },
  { weight: 1, arbitrary: adminClose },
  { weight: 5, arbitrary: status },
  { weight: 1, arbitrary: limits },
  { weight: 3, arbitrary: look },
];
const moves: fc.WeightedArbitrary<Step>[] = [
  { weight: 20, arbitrary: advance },
  { weight: 16, arbitrary: toDue },
];
const shortMoves: fc.WeightedArbitrary<Step>[] = [
  { weight: 14, arbitrary: pause },
  { weight: 14, arbitrary: toDue },
  { weight: 1, arbitrary: advance },
];
const together: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('together' as const),
  steps: fc.array(fc.oneof(...commands), { minLength: 2, maxLength: 4 }),
});

function stepOf({ restarts, plain = false }: Wanted, crowded = false): fc.Arbitrary<Step> {
  return fc.oneof(
    ...commands,
    ...(crowded ? shortMoves : moves),
    ...(plain
      ? []
      : [
          { weight: 3, arbitrary: together as fc.Arbitrary<Step> },
          { weight: 2, arbitrary: sleep },
        ]),
    ...(restarts ? [{ weight: 2, arbitrary: restart }] : []),
  );
}

function faultOf({ faults, restarts }: Wanted): fc.Arbitrary<Fault | null> {
  if (!faults) return fc.constant(null);
  const kinds: Fault['kind'][] = ['statement', 'commit', 'answer', 'runner'];
  const fault = fc.record({
    kind: fc.constantFrom(...(restarts ? [...kinds, 'kill' as const, 'kill' as const] : kinds)),
    at: fc.nat({ max: 60 }),
  });
  return fc.oneof({ weight: 30, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fault });
}

const usual: fc.Arbitrary<Setup> = fc.record({
  shares: fc.array(fc.constantFrom(1, 1, 2, 5), { minLength: 3, maxLength: 3 }),
  budgets: fc.array(fc.constantFrom(0, 0, 40_000, 120_000), { minLength: 3, maxLength: 3 }),
  backends: fc.array(
    fc.record({
      driver: fc.constantFrom('scripted' as const, 'aer' as const),
      slots: fc.constantFrom(1, 1, 2, 3),
      lanes: fc.constantFrom(1, 2, 3),
      onIdle: fc.constantFrom('deactivate' as const, 'deactivate' as const, 'close' as const),
    }),
    { minLength: 2, maxLength: 3 },
  ),
});

/** One backend with several slots of several lanes for all jobs, so slots get reserved while others have free lanes. */
const crowd: fc.Arbitrary<Setup> = fc.record({
  shares: fc.array(fc.constantFrom(1, 1, 2, 5), { minLength: 3, maxLength: 3 }),
  budgets: fc.array(fc.constantFrom(0, 0, 0, 120_000), { minLength: 3, maxLength: 3 }),
  backends: fc.array(
    fc.record({
      driver: fc.constantFrom('scripted' as const, 'scripted' as const, 'aer' as const),
      slots: fc.constantFrom(2, 2, 3),
      lanes: fc.constantFrom(2, 2, 3),
      onIdle: fc.constantFrom('deactivate' as const, 'deactivate' as const, 'close' as const),
    }),
    { minLength: 1, maxLength: 1 },
  ),
});
/** Returns whether a seed uses {@link crowd}, which every fourth does. */
const isCrowded = (seed: number): boolean => seed % 4 === 3;

/** All histories up to a number of steps. Every part can be shrunk from its value alone. */
export const histories = (wanted: Wanted): fc.Arbitrary<History> =>
  fc.record({
    setup: fc.oneof(usual, crowd),
    happenings: fc.array(fc.record({ step: stepOf(wanted), fault: faultOf(wanted) }), {
      maxLength: wanted.steps,
      size: 'max',
    }),
  });

/** Returns the history of a seed. */
export function historyOf(seed: number, wanted: Wanted): History {
  const crowded = isCrowded(seed);
  const [start] = fc.sample(crowded ? crowd : usual, { seed, numRuns: 1 });
  const happening = fc.record({ step: stepOf(wanted, crowded), fault: faultOf(wanted) });
  const happenings = fc.sample(happening, { seed, numRuns: wanted.steps });
  if (start === undefined) throw new Error('There is no setup.');
  return { setup: start, happenings };
}
