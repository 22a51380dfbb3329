import { act, advance } from './act.js';
import { faultOf, Killed } from './connection.js';
import { nextDue } from './quiet-laws.js';
import { run, type Options } from './run.js';
import { historyOf, type History, type Step } from './steps.js';
import type { World } from './world.js';

const short = 250;
const scripted = (history: History): History => ({
  ...history,
  setup: {
    ...history.setup,
    backends: history.setup.backends.map((each) => ({ ...each, driver: 'scripted' })),
  },
});

/** Splits one long advance into pieces of different lengths. */
async function inPieces(world: World, step: Step): Promise<void> {
  if (step.do !== 'advance') return act(world, step);
  let remaining = step.by;
  for (let piece = 1; remaining > 0; piece = (piece * 3) % 4001) {
    await advance(world, Math.min(piece, remaining));
    remaining -= Math.min(piece, remaining);
  }
  await advance(world, 0);
}

/** Restarts the service every few steps. No job runs on a runner then, because a restart would lose it. */
function restarting(every: number): Options['instead'] {
  let count = 0;
  return async (world, step) => {
    await act(world, step);
    count += 1;
    if (count % every !== 0) return;
    world.stop();
    await world.start();
  };
}

/**
 * Kills and restarts the process during every step, at a moving point. Clients without an answer repeat their request.
 * All jobs are scripted, so no attempt is lost.
 */
function killing(): Options['instead'] {
  let count = 0;
  return async (world, step) => {
    const todo = moving(world, step);
    const until = todo.do === 'advance' ? world.clock.now() + todo.by : 0;
    const { commits } = world;
    count += 1;
    world.service.lifeline.arm({ kind: 'kill', at: (count * 7) % 61 });
    try {
      await act(world, todo);
    } catch (error) {
      if (!(faultOf(error) instanceof Killed)) throw error;
    }
    if (!world.service.lifeline.dead) return world.service.lifeline.arm(null);
    // No client has seen the ids of uncommitted rows.
    world.ids = world.committedIds;
    world.stop();
    await world.start();
    if (todo.do === 'advance') await advance(world, until - world.clock.now());
    else if (todo.do === 'submit' || world.commits - commits < 2) {
      // A submit may be repeated in any case. Another step is repeated if it did not commit: one commit is the start's.
      if (todo.do === 'submit') world.submits -= 1;
      await act(world, todo);
    }
  };
}

/** Replaces "until the next deadline" by milliseconds, so that a second try ends at the same moment. */
function moving(world: World, step: Step): Step {
  if (step.do !== 'toDue') return step;
  const next = nextDue(world.shadow);
  return { do: 'advance', by: next === Infinity ? 0 : Math.max(0, next + step.beside - world.clock.now()) };
}

/**
 * Plays the same history in ways that must not matter: twice; with split waits; with restarts. Returns the difference,
 * or null.
 */
export async function twins(seed: number): Promise<string | null> {
  const everything = historyOf(seed, { steps: short, faults: true, restarts: true });
  const once = await run(everything);
  const twice = await run(everything);
  if (once.broken !== null) return `${once.broken.law}: ${once.broken.what}`;
  if (once.tables !== twice.tables) return `twice is not the same: ${difference(once.tables, twice.tables)}`;

  const plain = historyOf(seed, { steps: short, faults: false, restarts: false, plain: true });
  for (const history of [plain, scripted(plain)]) {
    const [whole, pieces] = [await run(history), await run(history, { instead: inPieces })];
    const broken = whole.broken ?? pieces.broken;
    if (broken !== null) return `${broken.law}: ${broken.what}`;
    if (whole.tables !== pieces.tables)
      return `one long advance is not many short ones: ${difference(whole.tables, pieces.tables)}`;
  }

  const unscathed = await run(scripted(plain));
  for (const every of [1, 7]) {
    const restarted = await run(scripted(plain), { instead: restarting(every) });
    if (restarted.broken !== null) return `${restarted.broken.law}: ${restarted.broken.what}`;
    if (unscathed.tables !== restarted.tables)
      return `a restart after every ${every} steps changes something: ${difference(unscathed.tables, restarted.tables)}`;
  }

  // On a paused backend the time since the last commit would count as downtime, for which a hold is not charged.
  const online = scripted({
    ...plain,
    happenings: plain.happenings.filter(({ step }) => step.do !== 'status'),
  });
  const [alive, killed] = [await run(online), await run(online, { instead: killing() })];
  const broken = alive.broken ?? killed.broken;
  if (broken !== null) return `${broken.law}: ${broken.what}`;
  if (alive.tables !== killed.tables)
    return `a kill during each step changes something: ${difference(alive.tables, killed.tables)}`;
  return null;
}

/** Returns the first few lines that only one text has. */
function difference(a: string, b: string): string {
  const [as, bs] = [a.split('\n'), b.split('\n')];
  const only = (lines: string[], others: string[]) => {
    const known = new Set(others);
    return lines.filter((line) => !known.has(line)).slice(0, 3);
  };
  return [
    ...only(as, bs).map((line) => `\n  − ${line}`),
    ...only(bs, as).map((line) => `\n  + ${line}`),
  ].join('');
}
