import type { Backend } from '../backend/backend.js';
import { jobLimitOf, type Job } from '../job/job.js';
import { clockEndOf } from '../session/session.deadline.js';
import type { Session } from '../session/session.js';
import type { Millis } from '../time.js';
import { isUsedUp } from '../usage/budget.js';
import { compareInstances } from './order.js';
import type { InstanceView, SessionView, SlotView, Snapshot } from './snapshot.js';
import { isTied, type Holder, type WaitingView } from './waiting.js';

/*
 * The rules of the queues over all rows of a backend. A store reads only the heads of the queues, along indexes, because
 * the queues are long. The simulation compares both.
 */

export interface WholeBackend {
  readonly at: Millis;
  readonly backend: Backend;
  /** Queued and running jobs in submission order. */
  readonly jobs: readonly Job[];
  /** Sessions that are not closed or that hold a slot. */
  readonly sessions: readonly Session[];
  /** The session that each slot is reserved for. */
  readonly reservations: ReadonlyMap<number, string>;
  readonly instances: readonly InstanceCharge[];
}

/** An instance with its charge in the fair-share window and what accrues now. */
export interface InstanceCharge {
  readonly id: string;
  readonly name: string;
  readonly shares: number;
  readonly budget: Millis | null;
  readonly charged: Millis;
  /** Number of jobs and holds that are being charged now, on all backends. */
  readonly rate: number;
}

/** Returns whether a session waits in the general queue, where its first job gives its place. */
export const isInGeneralQueue = ({ state, headSeq }: Session): boolean =>
  headSeq !== null && (state === 'open' || state === 'inactive');

/** Returns whether the jobs of a session go before the general queue on lanes that anyone may use. */
export const isWaitingBatch = ({ state, mode, headSeq }: Session): boolean =>
  headSeq !== null && state === 'active' && mode === 'batch';

/** Returns the active batches with queued jobs, oldest activation first. */
export const batchesOf = ({ sessions }: WholeBackend): Session[] =>
  sessions.filter(isWaitingBatch).sort((a, b) => (a.activation ?? 0) - (b.activation ?? 0));

export const queueOf = ({ jobs }: WholeBackend, session: string | null): Job[] =>
  jobs.filter((job) => job.state === 'queued' && job.session === session);

export const isBlocked = ({ budget, charged }: InstanceCharge): boolean =>
  budget !== null && isUsedUp({ budget, charged });

/** Returns all slots, and those that an operator has removed while a session still holds them. */
export function slotsOf({ backend, jobs, sessions, reservations }: WholeBackend): SlotView[] {
  const removed = sessions.flatMap(({ slot }) => (slot !== null && slot >= backend.slots ? [slot] : []));
  const all = [...Array.from({ length: backend.slots }, (_, slot) => slot), ...removed.sort((a, b) => a - b)];
  return all.map((index) => ({
    index,
    running: jobs.filter(({ state, slot }) => state === 'running' && slot === index).length,
    holder: sessions.find(({ slot }) => slot === index)?.id ?? null,
    reservedFor: reservations.get(index) ?? null,
  }));
}

/** Returns an instance's part of the general queue in submission order. */
export function generalQueueOf(whole: WholeBackend, instance: string): InstanceView['waiting'] {
  const lone = queueOf(whole, null).filter((job) => job.instance === instance);
  const sessions = whole.sessions.filter((each) => each.instance === instance && isInGeneralQueue(each));
  return [
    ...lone.map(({ id, seq }) => ({ seq, entry: { job: { id, seq } } })),
    ...sessions.map(({ id, headSeq }) => ({
      seq: headSeq ?? 0,
      entry: { session: id, seq: headSeq ?? 0 },
    })),
  ]
    .sort((a, b) => a.seq - b.seq)
    .map(({ entry }) => entry);
}

/** Returns a snapshot with all queues in full. {@link chooseJobs} makes the same choice of it as of their heads. */
export function snapshotOf(whole: WholeBackend): Snapshot {
  const { name, status, lanes } = whole.backend;
  return {
    backend: { name, status, lanes },
    slots: slotsOf(whole),
    sessions: new Map(
      whole.sessions.map(({ id, mode, state }): [string, SessionView] => [
        id,
        { id, mode, state, queue: queueOf(whole, id).map((job) => ({ id: job.id, seq: job.seq })) },
      ]),
    ),
    batches: batchesOf(whole).map(({ id }) => id),
    instances: whole.instances
      .map((instance) => ({
        ...{ id: instance.id, shares: instance.shares, charged: instance.charged },
        blocked: isBlocked(instance),
        waiting: generalQueueOf(whole, instance.id),
      }))
      .filter(({ waiting }) => waiting.length > 0),
  };
}

/** Returns what decides the place of a queued job. */
export function waitingViewOf(whole: WholeBackend, job: Job): WaitingView {
  const { at, backend, sessions, reservations } = whole;
  const ownSession = sessions.find(({ id }) => id === job.session);
  const seq = ownSession?.headSeq ?? job.seq;
  const toWaiting = ({ id, queuedJobs }: Session) => ({ id, queued: queuedJobs });
  const reserved = [...reservations].sort(([a], [b]) => a - b).map(([, id]) => id);
  const inGeneralQueue = sessions.filter((each) => isInGeneralQueue(each) && !reserved.includes(each.id));
  const queuedOf = (instance: string, before: number) => {
    const lone = queueOf(whole, null).filter((each) => each.instance === instance && each.seq < before);
    return inGeneralQueue
      .filter((each) => each.instance === instance && (each.headSeq ?? 0) < before)
      .reduce((sum, { queuedJobs }) => sum + queuedJobs, lone.length);
  };
  const ownInstance = whole.instances.find(({ id }) => id === job.instance);
  const toStanding = (instance: InstanceCharge) => ({ ...instance, blocked: isBlocked(instance) });
  return {
    at,
    backend: { status: backend.status, statusReason: backend.statusReason, slots: backend.slots },
    job: {
      ...{ session: job.session, instance: job.instance },
      needsSlot: ownSession?.mode === 'dedicated',
    },
    aheadInSession:
      job.session === null ? 0 : queueOf(whole, job.session).filter((each) => each.seq < job.seq).length,
    aheadInInstance: queuedOf(job.instance, seq),
    holders: holdersOf(whole),
    reserved: reserved.flatMap((id) => sessions.filter((each) => each.id === id)).map(toWaiting),
    batches: batchesOf(whole).map(toWaiting),
    instances: whole.instances
      .map((instance) => {
        const { id, name, charged, shares } = instance;
        const isOther = ownInstance !== undefined && id !== ownInstance.id;
        const ties = isOther && isTied(toStanding(instance), toStanding(ownInstance));
        const earlier = ties ? queuedOf(id, seq) : 0;
        return {
          ...{ id, name, charged, shares, earlier },
          ...{ queued: queuedOf(id, Infinity), blocked: isBlocked(instance) },
        };
      })
      .filter(({ queued }) => queued > 0),
  };
}

/** Returns the sessions that hold a slot, by slot number, and until when at most. */
function holdersOf({ sessions, jobs }: WholeBackend): Holder[] {
  const holders = sessions.flatMap((session): Holder[] => {
    const { id, slot, queuedJobs, state } = session;
    if (slot === null) return [];
    const limits = jobs.filter((job) => job.session === id).flatMap((job) => jobLimitOf(job) ?? []);
    return [
      {
        ...{ id, slot, queued: queuedJobs, isClosed: state === 'closed' },
        until: clockEndOf(session, 'max_ttl'),
        runsUntil: limits.length === 0 ? null : Math.max(...limits),
      },
    ];
  });
  return holders.sort((a, b) => a.slot - b.slot);
}

/** Returns the instances in the order of the general queue. */
export const inOrder = (instances: readonly InstanceCharge[]): InstanceCharge[] =>
  [...instances].sort((a, b) =>
    compareInstances({ ...a, blocked: isBlocked(a) }, { ...b, blocked: isBlocked(b) }),
  );
