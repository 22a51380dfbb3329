import { chooseJobs } from '../kernel/choice/choose-jobs.js';
import { limitStop } from '../kernel/job/job.decide.js';
import { stopGrace } from '../kernel/job/job.js';
import { Refusal } from '../kernel/refusal.js';
import { isUsedUp } from '../kernel/usage/budget.js';
import { reviewBudget } from './budget.js';
import { UnreadableRow, type DueDeadline } from './ports.js';
import type { UnitOfWork } from './unit-of-work.js';

/** The most deadlines in one transaction: more would delay requests. The next transaction applies the rest. */
const mostDuePerTransaction = 500;

/**
 * Brings the state up to `unit.at`: applies all deadlines that are due, in order of due time, then dispatches the
 * backends that changed. Repeats this while a job that started ends at the same moment (semantics: clocks). Returns
 * false if more was due than one transaction applies; then nothing has been dispatched yet.
 */
export async function applyDueAndDispatch(unit: UnitOfWork): Promise<boolean> {
  const { pending, deadlines } = unit;
  unit.afterCommit(pending.addDeferred());
  let applied = 0;
  let last: DueDeadline | null = null;
  do {
    while (deadlines.next <= unit.at) {
      const due = await firstDueDeadline(unit, last);
      if (due === null) {
        deadlines.next = (await unit.tx.nextDeadlineAt()) ?? Infinity;
        break;
      }
      if (applied === mostDuePerTransaction) {
        pending.defer();
        return false;
      }
      unit.actor = 'clock';
      await applyDeadline(unit, due);
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
    for (const instance of pending.takeRefunded()) await dispatchIfRoom(unit, instance);
  } while (deadlines.next <= unit.at || pending.hasBackends);
  return true;
}

/** A stored deadline that cannot take effect, because its row is invalid. The command that found it is not at fault. */
export class BrokenDeadline extends Error {
  constructor(
    readonly due: DueDeadline,
    why: string,
    cause?: Error,
  ) {
    super(`${due.kind ?? 'A deadline'} of ${due.subject} ${due.id} cannot take effect: ${why}`, { cause });
  }
}

/** The next job of a backend, or its session, cannot be read, and no other job may overtake it. */
export class BrokenQueue extends Error {
  constructor(
    readonly backend: string,
    readonly why: UnreadableRow,
  ) {
    super(`Backend ${backend} cannot start its next job: ${why.message}`, { cause: why });
  }
}

/**
 * Returns the first deadline that is due. Throws {@link BrokenDeadline} if it equals `last`: that one was applied
 * without effect, so the loop would never end.
 */
export async function firstDueDeadline(
  unit: UnitOfWork,
  last: DueDeadline | null,
): Promise<DueDeadline | null> {
  const due = await unit.tx.firstDeadline(unit.at);
  const isSame =
    due !== null &&
    last !== null &&
    (['at', 'kind', 'subject', 'id'] as const).every((part) => due[part] === last[part]);
  if (isSame) throw new BrokenDeadline(due, 'it was applied and is still due.');
  return due;
}

/**
 * Applies a deadline as of its due time, whenever it is processed. Throws {@link BrokenDeadline} if it cannot take
 * effect.
 */
export async function applyDeadline(unit: UnitOfWork, due: DueDeadline): Promise<void> {
  try {
    await apply(unit, due);
  } catch (error) {
    if (error instanceof Refusal || error instanceof UnreadableRow)
      throw new BrokenDeadline(due, error.message, error);
    throw error;
  }
}

async function apply(unit: UnitOfWork, due: DueDeadline): Promise<void> {
  switch (due.kind) {
    case null:
      throw new BrokenDeadline(due, `this version does not know its kind, "${due.unknownKind ?? ''}".`);
    case 'budget':
      await reviewBudget(unit, due.id, due.at);
      return dispatchAll(unit);
    case 'max_ttl':
    case 'active_ttl':
    case 'interactive_ttl':
    case 'unused_ttl': {
      const session = await unit.tx.sessions.find(due.id);
      if (session === null) return;
      const after = await unit.changeSession(session, { type: due.kind, at: due.at });
      if (after === session) await unit.rearmDeadline(session, due.at);
      return;
    }
    case 'heartbeat_ttl': {
      const session = await unit.tx.sessions.find(due.id);
      if (session === null) return;
      const seenAt = unit.clientSeen.get(due.id) ?? 0;
      // Heartbeats are not stored one by one, so compare the last one now.
      const type = seenAt > (session.clientSeenAt ?? 0) ? 'clientSeen' : due.kind;
      const after = await unit.changeSession(session, { type, at: type === 'clientSeen' ? seenAt : due.at });
      if (after === session) await unit.rearmDeadline(session, due.at);
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

/** Marks all backends for dispatch, because jobs that wait for a budget may be on any of them. */
async function dispatchAll(unit: UnitOfWork): Promise<void> {
  for (const backend of await unit.tx.backends.names()) unit.markForDispatch(backend);
}

/** Marks all backends for dispatch if the budget has room again: a lost attempt counts only while it runs. */
async function dispatchIfRoom(unit: UnitOfWork, instance: string): Promise<void> {
  const view = await unit.tx.instances.budget(instance, unit.at, unit.fairShareWindow);
  if (view !== null && !isUsedUp(view)) await dispatchAll(unit);
}

const scriptedOutcome = (outcome: 'completed' | 'failed' | undefined) =>
  outcome === 'failed'
    ? ({ type: 'failed', reason: 'the script says so', reasonCode: null } as const)
    : ({ type: 'completed' } as const);

/** Dispatches a backend: snapshot, choice, reservations, starts. Runners are contacted after the commit. */
async function dispatch(unit: UnitOfWork, backend: string): Promise<void> {
  const snapshot = await unit.tx.snapshot(backend, unit.at, unit.fairShareWindow);
  if (snapshot === null) return;
  const { starts, reservations } = chooseJobs(snapshot);
  await unit.tx.backends.reserve(backend, reservations);
  for (const { job, slot } of starts) await unit.startJob(job, slot);
  unit.pending.removeBackend(backend);
}
