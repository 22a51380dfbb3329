import { chooseJobs } from '../kernel/choice/choose-jobs.js';
import { limitStop } from '../kernel/job/job.decide.js';
import { stopGrace } from '../kernel/job/job.js';
import { Refusal } from '../kernel/refusal.js';
import { isUsedUp } from '../kernel/usage/budget.js';
import { reviewBudget } from './budget.js';
import { UnreadableRow, type Due } from './ports.js';
import type { Unit } from './unit.js';

/** More deadlines than this in one transaction would keep requests waiting; the rest follows in the next one. */
const mostDuePerUnit = 500;

/**
 * Brings the service up to `unit.at`: everything due is applied in order of due time, then the backends that changed
 * choose their next jobs; and again while a job that started there ends at the same moment (semantics: clocks). Answers
 * false when more was due than one transaction should do; then nothing has been chosen yet.
 */
export async function settle(unit: Unit): Promise<boolean> {
  const { pending, watch } = unit;
  unit.afterCommit(pending.addDeferred());
  let applied = 0;
  let last: Due | null = null;
  do {
    while (watch.next <= unit.at) {
      const due = await nextDue(unit, last);
      if (due === null) {
        watch.next = (await unit.tx.nextDue()) ?? Infinity;
        break;
      }
      if (applied === mostDuePerUnit) {
        pending.defer();
        return false;
      }
      unit.actor = 'clock';
      await applyDue(unit, due);
      last = due;
      applied += 1;
    }
    unit.actor = 'scheduler';
    for (const backend of pending.takeBackends()) {
      try {
        await dispatch(unit, backend);
      } catch (error) {
        throw error instanceof UnreadableRow ? new BrokenQueue(backend, error) : error;
      }
    }
    for (const instance of pending.takeInstances()) await reviewBudget(unit, instance, unit.at);
    for (const instance of pending.takeRefunded()) await lookForRoom(unit, instance);
  } while (watch.next <= unit.at || pending.hasBackends);
  return true;
}

/** A stored deadline cannot take effect: its row is as it should not be, and nobody who came along is at fault. */
export class BrokenDeadline extends Error {
  constructor(
    readonly due: Due,
    why: string,
    cause?: Error,
  ) {
    super(`${due.kind ?? 'A deadline'} of ${due.subject} ${due.id} cannot take effect: ${why}`, { cause });
  }
}

/** A job that is next on a backend, or its session, cannot be read, and nothing may pass it. */
export class BrokenQueue extends Error {
  constructor(
    readonly backend: string,
    readonly why: UnreadableRow,
  ) {
    super(`Backend ${backend} cannot go on: ${why.message}`, { cause: why });
  }
}

/**
 * The first thing due. Throws {@link BrokenDeadline} if it is the one that was applied `last`: it changed nothing, and nobody
 * would get past it.
 */
export async function nextDue(unit: Unit, last: Due | null): Promise<Due | null> {
  const due = await unit.tx.firstDue(unit.at);
  const isSame =
    due !== null &&
    last !== null &&
    (['at', 'kind', 'subject', 'id'] as const).every((part) => due[part] === last[part]);
  if (isSame) throw new BrokenDeadline(due, 'it was applied and is still due.');
  return due;
}

/** A deadline takes effect at its due time, whenever it is processed. Throws {@link BrokenDeadline} where it cannot. */
export async function applyDue(unit: Unit, due: Due): Promise<void> {
  try {
    await apply(unit, due);
  } catch (error) {
    if (error instanceof Refusal || error instanceof UnreadableRow)
      throw new BrokenDeadline(due, error.message, error);
    throw error;
  }
}

async function apply(unit: Unit, due: Due): Promise<void> {
  switch (due.kind) {
    case null:
      throw new BrokenDeadline(due, 'this version does not know its kind.');
    case 'budget':
      await reviewBudget(unit, due.id, due.at);
      return touchAll(unit);
    case 'max_ttl':
    case 'active_ttl':
    case 'interactive_ttl':
    case 'unused_ttl': {
      const session = await unit.tx.sessions.find(due.id);
      if (session === null) return;
      const after = await unit.changeSession(session, { type: due.kind, at: due.at });
      if (after === session) await unit.rearm(session, due.at);
      return;
    }
    case 'heartbeat_ttl': {
      const session = await unit.tx.sessions.find(due.id);
      if (session === null) return;
      const heard = unit.heard.get(due.id) ?? 0;
      // Signs of life are not stored one by one: only now it matters which was the last.
      const type = heard > (session.heardAt ?? 0) ? 'heard' : due.kind;
      const after = await unit.changeSession(session, { type, at: type === 'heard' ? heard : due.at });
      if (after === session) await unit.rearm(session, due.at);
      return;
    }
    case 'job_limit':
    case 'job_end':
    case 'kill': {
      const job = await unit.tx.jobs.find(due.id);
      if (job === null) return;
      if (due.kind === 'job_limit') await unit.stopJob(job, limitStop(job, due.at));
      else if (due.kind === 'kill') await unit.killJob(job, Math.max(unit.at, due.at) + stopGrace);
      else await unit.endJob(job, scriptedOutcome(job.script?.outcome), due.at);
    }
  }
}

/** What waits for room in a budget may start, wherever it waits. */
async function touchAll(unit: Unit): Promise<void> {
  for (const backend of await unit.tx.backends.names()) unit.touch(backend);
}

/** A lost attempt counted towards the budget while it ran, and no longer does. */
async function lookForRoom(unit: Unit, instance: string): Promise<void> {
  const view = await unit.tx.instances.budget(instance, unit.at, unit.fairShareWindow);
  if (view !== null && !isUsedUp(view)) await touchAll(unit);
}

const scriptedOutcome = (outcome: 'completed' | 'failed' | undefined) =>
  outcome === 'failed'
    ? ({ type: 'failed', reason: 'the script says so', reasonCode: null } as const)
    : ({ type: 'completed' } as const);

/** 1 snapshot, 2 choose, 3 keep the reservations, 4 start; the runners are told after the commit. */
async function dispatch(unit: Unit, backend: string): Promise<void> {
  const snapshot = await unit.tx.snapshot(backend, unit.at, unit.fairShareWindow);
  if (snapshot === null) return;
  const { starts, reservations } = chooseJobs(snapshot);
  await unit.tx.backends.reserve(backend, reservations);
  for (const { job, slot } of starts) await unit.startJob(job, slot);
  unit.pending.removeBackend(backend);
}
