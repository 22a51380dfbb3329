import { isFinal } from '../../src/kernel/job/job.js';
import { Refusal } from '../../src/kernel/refusal.js';
import type { Actor } from '../../src/kernel/access/access.js';
import { faultOf, Killed, StoreFailure } from './connection.js';
import { nextDue } from './quiet-laws.js';
import type { By, Happening, Step } from './steps.js';
import { actors, admin, limitsOf, type World } from './world.js';

const details = {
  tags: [],
  logLevel: 'info',
  private: false,
  calibrationId: null,
  runtime: null,
  cost: null,
};
const some = (n: number) => (n === 0 ? undefined : n);
const pick = <T>(all: readonly T[], which: number): T | undefined => all[which % all.length];

/** Performs one step with its fault, and restarts a killed service. Throws any error that clients must not see. */
export async function happen(world: World, { step, fault }: Happening): Promise<void> {
  const before = world.shadow.jobs.size;
  const { commits } = world;
  world.service.lifeline.arm(fault);
  try {
    await act(world, step);
  } catch (thrown) {
    const error = faultOf(thrown);
    if (!(error instanceof StoreFailure) && !(error instanceof Killed)) throw error;
    if (fault === null) throw error;
    const known = fault.kind === 'statement' || fault.kind === 'commit' || fault.kind === 'runner';
    if (known && isOneCommand(step) && world.commits > commits)
      world.laws.report('failed is not stored', `${step.do} failed, and something was committed`);
  }
  world.service.lifeline.arm(null);
  if (!world.service.lifeline.dead) return;
  world.stop();
  await world.start();
  if (step.do === 'submit') await again(world, step, before);
}

/** Steps whose answer shows whether they committed. Other steps have several answers or none. */
const isOneCommand = ({ do: what }: Step): boolean =>
  !['advance', 'toDue', 'sleep', 'restart', 'together'].includes(what);

/** Repeats a submit that got no answer. Exactly one job must exist, whether the first submit committed or not. */
async function again(world: World, step: Submit, before: number): Promise<void> {
  const stored = world.shadow.jobs.size - before;
  world.submits -= 1;
  await refusable(submit(world, step));
  const made = world.shadow.jobs.size - before;
  if (made > 1 || made < stored)
    world.laws.report('exactly once', `a submit that was sent twice made ${made} jobs`);
}

export async function act(world: World, step: Step): Promise<void> {
  switch (step.do) {
    case 'advance':
      return advance(world, step.by);
    case 'toDue': {
      const next = Math.min(nextDue(world.shadow), world.service.runners.nextAt);
      if (next === Infinity) return;
      return advance(world, Math.max(0, next + step.beside - world.clock.now()));
    }
    case 'sleep':
      world.clock.moveTo(world.clock.now() + step.by);
      return;
    case 'restart':
      world.stop();
      world.clock.moveTo(world.clock.now() + step.down);
      world.downtime += step.down;
      return world.start(step.lanes);
    case 'together': {
      // Waits for all, because a failure of one does not end the others.
      const all = await Promise.allSettled(step.steps.map((each) => refusable(command(world, each))));
      for (const one of all) if (one.status === 'rejected') throw one.reason;
      return;
    }
    default:
      await refusable(command(world, step));
  }
}

/**
 * Advances the time, stopping at each message of a runner. A deadline may cause a message earlier than the known ones,
 * so with runners the time advances from one deadline to the next. Without runners it advances in one piece.
 */
export async function advance(world: World, by: number): Promise<void> {
  const { clock, runners, commands, lifeline } = world.service;
  const target = world.clock.now() + by;
  const to = (at: number) => clock.advance(Math.max(0, at - world.clock.now()));
  if (world.hasRunners) {
    for (;;) {
      const next = Math.min(Math.max(commands.nextDeadlineAt, world.clock.now()), runners.nextAt);
      if (next > target) break;
      await to(next);
      await runners.deliver(world.clock.now());
      if (lifeline.dead) throw new Killed('the process was killed');
      if (commands.nextDeadlineAt <= world.clock.now()) await commands.tick();
    }
  }
  await to(target);
}

async function refusable(command: Promise<unknown>): Promise<void> {
  try {
    await command;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.code === 'illegal_transition') throw new Error(`an impossible refusal: ${error.message}`);
  }
}

async function command(world: World, step: Step): Promise<unknown> {
  const { sessions, backends, jobs } = world.service;
  switch (step.do) {
    case 'open': {
      const backend = backendOf(world, step.backend);
      const { mode, maxTtl, activeTtl, interactiveTtl } = step;
      const request = {
        maxTtl: some(maxTtl),
        activeTtl: some(activeTtl),
        interactiveTtl: some(interactiveTtl),
      };
      return sessions.open(actorOf(step.actor), { mode, backend, ...request });
    }
    case 'submit':
      return submit(world, step);
    case 'cancel': {
      const job = jobOf(world, step.job);
      return job === null ? null : jobs.cancel(allowed(job, step.by), job.id);
    }
    case 'drain':
    case 'resume':
    case 'close': {
      const session = sessionOf(world, step.session);
      if (session === null) return null;
      const who = allowed(session, step.by);
      return step.do === 'close'
        ? sessions.close(who, session.id)
        : sessions.setAccepting(who, session.id, step.do === 'resume');
    }
    case 'adminClose': {
      const session = sessionOf(world, step.session);
      return session === null ? null : sessions.adminClose(admin, session.id, 'maintenance', step.running);
    }
    case 'status':
      return backends.change(backendOf(world, step.backend), () => ({
        status: step.status,
        statusReason: null,
      }));
    case 'limits':
      return backends.change(backendOf(world, step.backend), () => ({ limits: limitsOf(step.scale) }));
    case 'remove': {
      const job = jobOf(world, step.job);
      return job === null ? null : jobs.remove(admin, job.id);
    }
    case 'ask':
      return ask(world, step.job);
    case 'advance':
    case 'toDue':
    case 'sleep':
    case 'restart':
    case 'together':
      throw new Error(`${step.do} is no command.`);
  }
}

type Submit = Extract<Step, { do: 'submit' }>;

async function submit(world: World, step: Submit): Promise<void> {
  const { jobs, receipts } = world.service;
  const key = { key: `submit-${(world.submits += 1)}`, hash: null };
  const session = step.session < 0 ? null : sessionOf(world, step.session);
  const backend = session?.backend ?? backendOf(world, step.backend);
  const scripted = world.shadow.place(backend).backend.driver === 'scripted';
  const { duration, outcome, attempts } = step;
  const params = scripted ? { duration: duration / 1000, outcome, result: step.actor } : { attempts };
  const who =
    session === null ? actorOf(step.actor) : (actors.find(({ user }) => user === session.user) ?? admin);
  const request = {
    program: scripted ? 'scripted' : 'sampler',
    backend: session === null ? backend : undefined,
    session: session?.id,
    maxExecutionTime: some(step.limit),
    params: JSON.stringify(params),
    details,
  };
  const job = await jobs.submit(who, request, key);
  receipts.answered(job.id, key, true);
  if (!world.shadow.jobs.has(job.id))
    world.laws.report('accepted is kept', `${job.id} was accepted and does not exist`);
  world.accepted.jobs.push(job.id);
}

/** Checks the places of waiting jobs: each job has a different place, with a reason. */
async function ask(world: World, which: number): Promise<void> {
  const { shadow, service } = world;
  // An answer may mix two moments while deadlines are pending.
  if (shadow.aliveAt !== world.clock.now()) return;
  const name = backendOf(world, which);
  const waiting = [...shadow.liveJobs].filter((id) => {
    const job = shadow.jobs.get(id);
    return job?.backend === name && job.state === 'queued';
  });
  const places: number[] = [];
  for (const id of waiting.slice(0, 40)) {
    const place = await service.jobs.place(await service.jobs.get(admin, id));
    // Something else happened in between, so the two cannot be compared.
    if (place === null || waiting.some((other) => shadow.jobs.get(other)?.state !== 'queued')) return;
    places.push(place.position);
    if (place.reason === '') world.laws.report('place', `${id} has no reason for its place`);
    if (place.position > waiting.length)
      world.laws.report('place', `${id} is number ${place.position} of ${waiting.length}: ${place.reason}`);
  }
  if (new Set(places).size < places.length)
    world.laws.report('place', `two have the same: ${places.join(', ')}`);
}

/** Returns the owner, an admin, or a user of another instance, who is refused. */
function allowed(owner: { readonly user: string; readonly instance: string }, by: By): Actor {
  if (by === 'admin') return admin;
  const user =
    by === 'owner'
      ? actors.find(({ user }) => user === owner.user)
      : actors.find(({ instance }) => instance.id !== owner.instance);
  return user ?? admin;
}

const actorOf = (which: number): Actor => pick(actors, which) ?? actors[0];
const backendOf = (world: World, which: number): string =>
  pick([...world.shadow.places.keys()], which) ?? 'b0';

/** Picks mostly a session that is not closed. The last number picks the latest session in any state. */
function sessionOf(world: World, which: number) {
  const { sessions, liveSessions } = world.shadow;
  const id = which >= 95 ? [...sessions.keys()].at(-1) : pick([...liveSessions], which);
  return id === undefined ? null : (sessions.get(id) ?? null);
}

function jobOf(world: World, which: number) {
  const { jobs, liveJobs } = world.shadow;
  const id = which >= 90 ? world.accepted.jobs.at(-1 - (which % 5)) : pick([...liveJobs], which);
  const job = id === undefined ? undefined : jobs.get(id);
  return job === undefined || (isFinal(job.state) && world.shadow.removed.has(job.id)) ? null : job;
}
