import { Durations } from '../../src/kernel/estimate/durations.js';
import { SimulationInput } from '../../src/kernel/estimate/simulated-backend.js';
import { Playback } from '../../src/kernel/estimate/playback.js';
import type { Millis } from '../../src/kernel/time.js';
import { act, advance, happen } from './act.js';
import { historyOf, type History } from './steps.js';
import { window, World } from './world.js';

/** The estimate for the only backend, and the time from which on it is incomplete. */
interface Foretold {
  readonly at: Millis;
  readonly certainUntil: Millis;
  /** The start of each queued job; Infinity: never. */
  readonly starts: ReadonlyMap<string, Millis>;
}

/** The number of steps, and the share of time steps that run: few, so that a queue builds up before charges expire. */
const steps = 200;
const oneIn = 8;

/**
 * Plays the beginning of a seed on one backend with scripted jobs only, estimates when each queued job will start, and
 * then only advances the time. Returns the number of starts that were estimated correctly, or the first wrong one.
 */
export async function foretell(seed: number): Promise<number | string> {
  const { setup, happenings } = onOneBackend(historyOf(seed, { ...plain, steps }));
  const world = await World.create(setup);
  try {
    for (const happening of happenings) await happen(world, happening);
    await act(world, { do: 'status', backend: 0, status: 'online' });
    await advance(world, 0);
    const foretold = await foresee(world);
    for (
      let i = 0;
      i < 1000 && world.clock.now() < foretold.certainUntil && world.shadow.liveJobs.size > 0;
      i += 1
    )
      await advance(world, 10_000);
    return compare(world, foretold);
  } finally {
    world.dispose();
  }
}

const plain = { faults: false, restarts: false, plain: true };

const onOneBackend = ({ setup, happenings }: History): History => ({
  setup: {
    ...setup,
    backends: setup.backends.slice(0, 1).map((backend) => ({ ...backend, driver: 'scripted' })),
  },
  happenings: happenings.filter(({ step }, i) => !passing.includes(step.do) || i % oneIn === 0),
});

const passing: readonly string[] = ['advance', 'toDue', 'sleep'];

async function foresee({ service, clock, shadow }: World): Promise<Foretold> {
  const at = clock.now();
  const view = await service.store.read.forecast('b0', at, window, null);
  if (view === null) throw new Error('The backend is gone.');
  const setting = new SimulationInput(view);
  const { startOf } = new Playback(setting, new Durations([]), () => 0).run(Infinity, false);
  const starts = new Map([...setting.jobs].map(([id, { index }]) => [id, startOf[index] ?? NaN]));
  const leaves = [...shadow.entries.values()].flatMap((entries) => {
    const first = entries.find(({ to }) => to > at - window);
    return first === undefined ? [] : [first.to + window];
  });
  return { at, starts, certainUntil: Math.min(Infinity, ...leaves) };
}

function compare({ shadow, clock }: World, { at, certainUntil, starts }: Foretold): number | string {
  const isKnown = (start: Millis) => start < certainUntil && start <= clock.now();
  let right = 0;
  for (const [id, start] of starts) {
    const actual = shadow.jobs.get(id)?.startedAt ?? Infinity;
    if (!isKnown(start) && !isKnown(actual)) continue;
    if (actual !== start)
      return `${id} was estimated to start ${start - at} ms later, but started ${actual - at} ms later`;
    right += 1;
  }
  return right;
}
