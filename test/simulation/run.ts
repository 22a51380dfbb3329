import { act, advance, happen } from './act.js';
import { Endless, faultOf } from './connection.js';
import type { Broken } from './laws.js';
import { checkRecords } from './record-laws.js';
import { checkQuiet } from './quiet-laws.js';
import { checkQueries } from './query-laws.js';
import { checkStored, exported } from './stored-laws.js';
import type { History, Step } from './steps.js';
import { window, World } from './world.js';

export interface RunResult {
  /** The broken law; null if every law held. */
  readonly broken: Broken | null;
  /** The number of steps, including the one that broke a law. */
  readonly steps: number;
  readonly restarts: number;
  readonly jobs: number;
  readonly sessions: number;
  /** The contents of every table at the end. */
  readonly tables: string;
}

export interface Options {
  /** Number of steps after which changed rows are compared with the file. All rows are compared at the end. */
  readonly fullEvery?: number;
  /** Whether to continue until every accepted job has ended, each exactly once. */
  readonly toTheEnd?: boolean;
  /** Replaces how a step is performed, to compare two ways of doing the same. */
  readonly instead?: (world: World, step: Step) => Promise<void>;
}

/** Number of steps after which the answers of queries are compared with the kernel's. */
const queriesEvery = 50;

/** A step with more statements is in an endless loop: a fired deadline is still due. */
const mostStatements = 100_000;

/** Plays a history and checks the laws after each step. */
export async function run({ setup, happenings }: History, options: Options = {}): Promise<RunResult> {
  const { fullEvery = 500, toTheEnd = true, instead } = options;
  const world = await World.create(setup);
  let steps = 0;
  const failed = (broken: Broken | null): RunResult => ({
    broken,
    steps,
    restarts: world.restarts,
    jobs: world.accepted.jobs.length,
    sessions: world.shadow.sessions.size,
    tables: broken === null ? exported(world) : '',
  });
  try {
    for (const happening of happenings) {
      steps += 1;
      const { restarts } = world;
      world.service.lifeline.allow(mostStatements);
      if (instead === undefined) await happen(world, happening);
      else await instead(world, happening.step);
      const atRest = world.shadow.aliveAt === world.clock.now();
      if (atRest) checkQuiet(world, world.clock.now(), window, world.laws.report);
      if (world.restarts > restarts) await checkStored(world, false);
      if (steps % fullEvery === 0) await checkStored(world, false);
      if (steps % queriesEvery === 0) await checkQueries(world);
      const [first] = world.laws.broken;
      if (first !== undefined) return failed(first);
    }
    await checkStored(world, true);
    checkRecords(world);
    if (toTheEnd) await bringToEnd(world);
    return failed(world.laws.broken[0] ?? null);
  } catch (thrown) {
    const error = faultOf(thrown);
    const [first] = world.laws.broken;
    if (first === undefined && error instanceof Endless)
      return failed({ law: 'deadlines', what: error.message });
    return failed(
      first ?? { law: 'nothing unexpected', what: String(error instanceof Error ? error.stack : error) },
    );
  } finally {
    world.dispose();
  }
}

/** Brings all backends online and advances the time until nothing is left to do. No job may still wait then. */
async function bringToEnd(world: World): Promise<void> {
  for (const i of world.shadow.places.keys())
    await act(world, { do: 'status', backend: Number(i.slice(1)), status: 'online' });
  for (let i = 0; i < 20_000 && world.shadow.liveJobs.size > 0; i += 1) {
    world.service.lifeline.allow(mostStatements);
    await advance(world, 30_000);
    if (world.laws.broken.length > 0) return;
  }
  checkQuiet(world, world.clock.now(), window, world.laws.report);
  for (const id of world.shadow.liveJobs)
    world.laws.report('jobs end once', `${id} never ends: it is ${world.shadow.jobs.get(id)?.state}`);
  for (const id of world.accepted.jobs)
    if (!world.shadow.jobs.has(id) && !world.shadow.removed.has(id))
      world.laws.report('accepted is kept', `${id} was accepted and does not exist`);
  await checkStored(world, true);
  checkRecords(world);
}
