import type { BackendStatus } from '../backend/backend.js';
import type { Millis } from '../time.js';
import { compareInstances, type Standing } from './order.js';

/** A session with queued jobs, and how many it has. */
export interface WaitingSession {
  readonly id: string;
  readonly queued: number;
}

/** The waiting jobs of one backend in groups: everything needed to place one of these jobs. */
export interface WaitingView {
  readonly at: Millis;
  readonly backend: {
    readonly status: BackendStatus;
    readonly statusReason: string | null;
    readonly slots: number;
  };
  readonly job: { readonly session: string | null; readonly instance: string; readonly needsSlot: boolean };
  /** Number of jobs in its session that were submitted before it. */
  readonly aheadInSession: number;
  /** Number of jobs before it in its instance's general queue: lone jobs, and all jobs of sessions placed before it. */
  readonly aheadInInstance: number;
  /** Dedicated sessions that hold a slot, by slot number. The slot may be one that an operator has removed. */
  readonly holders: readonly Holder[];
  /** Dedicated sessions with a reservation, by slot number; they are not in the general queue. */
  readonly reserved: readonly WaitingSession[];
  /** Active batches, oldest activation first. */
  readonly batches: readonly WaitingSession[];
  /** Instances with jobs in the general queue. */
  readonly instances: readonly {
    readonly id: string;
    readonly name: string;
    readonly queued: number;
    readonly charged: Millis;
    readonly shares: number;
    /** Whether its budget is used up. */
    readonly blocked: boolean;
    /** Number of its jobs submitted before this one; counted only for instances that tie with the job's own, else 0. */
    readonly earlier: number;
  }[];
}

export interface Holder extends WaitingSession {
  readonly slot: number;
  readonly isClosed: boolean;
  /** When its `max_ttl` ends; null if unknown. */
  readonly until: Millis | null;
  /** When its last running job reaches its limit; a closed session holds its slot until then. Null if no job runs. */
  readonly runsUntil: Millis | null;
}

export interface QueuePlace {
  /** Position among all waiting jobs of the backend; 1 is next. */
  readonly position: number;
  /** What the job waits for: a clause for its owner. */
  readonly reason: string;
}

const total = (sessions: readonly { readonly queued: number }[]) =>
  sessions.reduce((sum, { queued }) => sum + queued, 0);
const jobs = (n: number) => (n === 1 ? '1 job' : `${n} jobs`);
const goVerb = (n: number) => (n === 1 ? 'goes' : 'go');

/** Returns a queued job's place in the order of {@link chooseJobs}, and why it waits (semantics: who runs next). */
export function placeInQueue(view: WaitingView): QueuePlace {
  const { ahead, why } = placeOf(view);
  const position = ahead + 1;
  const { status, statusReason, slots } = view.backend;
  if (status !== 'online')
    return { position, reason: `backend ${status}${statusReason === null ? '' : `: ${statusReason}`}` };
  const own = view.job.session;
  const holdsSlot = view.holders.some(({ id }) => id === own);
  const isReserved = view.reserved.some(({ id }) => id === own);
  const holders = view.holders.filter(({ slot }) => slot < slots);
  if (!holdsSlot && !isReserved && holders.length >= slots)
    return { position, reason: holdReason({ ...view, holders }) };
  return { position, reason: why };
}

function placeOf(view: WaitingView): { ahead: number; why: string } {
  const own = view.job.session;
  const inSession = view.aheadInSession;
  const earlier = inSession > 0 ? `${jobs(inSession)} of its session ${goVerb(inSession)} first` : null;
  const holds = view.holders.findIndex(({ id }) => id === own);
  if (holds !== -1) {
    const ahead = total(view.holders.slice(0, holds)) + inSession;
    return { ahead, why: earlier ?? "all lanes of its session's slot are busy" };
  }
  const heldJobs = total(view.holders);
  const reserved = view.reserved.findIndex(({ id }) => id === own);
  if (reserved !== -1) {
    return {
      ahead: heldJobs + total(view.reserved.slice(0, reserved)) + inSession,
      why: earlier ?? 'a slot is reserved for its session and is running empty',
    };
  }
  const first = heldJobs + total(view.reserved);
  const place = view.batches.findIndex(({ id }) => id === own);
  if (place !== -1) {
    const older = total(view.batches.slice(0, place));
    const why =
      older > 0 ? `${jobs(older)} of batches that became active earlier ${goVerb(older)} first` : earlier;
    return { ahead: first + older + inSession, why: why ?? busyReason(view) };
  }
  return placeInGeneralQueue(view, first);
}

function placeInGeneralQueue(view: WaitingView, first: number): { ahead: number; why: string } {
  const batches = total(view.batches);
  const ownInstance = view.instances.find(({ id }) => id === view.job.instance);
  const others = view.instances.filter(
    (other) => ownInstance !== undefined && compareInstances(other, ownInstance) < 0,
  );
  const level = view.instances.filter(({ id, earlier }) => id !== ownInstance?.id && earlier > 0);
  const earlier = level.reduce((sum, other) => sum + other.earlier, 0);
  const ahead = first + batches + total(others) + earlier + view.aheadInInstance + view.aheadInSession;
  if (ownInstance?.blocked) return { ahead, why: `the budget of instance ${ownInstance.name} is used up` };
  const ownAhead = view.aheadInInstance + view.aheadInSession;
  if (batches > 0) return { ahead, why: `${jobs(batches)} of active batches ${goVerb(batches)} first` };
  const [other] = others;
  if (other !== undefined) {
    const count = total(others);
    return { ahead, why: `${jobs(count)} of ${nameInstances(others)} ${goVerb(count)} first (fair share)` };
  }
  if (earlier > 0) {
    const why = `${jobs(earlier)} of ${nameInstances(level)} ${goVerb(earlier)} first (the same share used, submitted earlier)`;
    return { ahead, why };
  }
  if (ownAhead > 0) return { ahead, why: `${jobs(ownAhead)} of its own instance ${goVerb(ownAhead)} first` };
  return { ahead, why: view.job.needsSlot ? 'waits for an empty slot' : busyReason(view) };
}

const nameInstances = ([first, ...more]: readonly { readonly name: string }[]): string =>
  more.length === 0 ? `instance ${first?.name}` : `${more.length + 1} other instances`;

const busyReason = (view: WaitingView): string =>
  view.reserved.length > 0 ? 'the free lanes are reserved for a dedicated session' : 'all lanes are busy';

function holdReason(view: WaitingView): string {
  const ends = view.holders.flatMap((holder) => {
    const { isClosed, until, runsUntil } = holder;
    const end = isClosed ? runsUntil : until;
    return end === null ? [] : [{ end, isClosed, mayOutlast: (runsUntil ?? end) > end }];
  });
  const [first] = ends.sort((a, b) => a.end - b.end);
  if (first === undefined) return 'held by a dedicated session';
  const end = `until ${timeOfDay(first.end, view.at)} at the latest`;
  if (first.isClosed) return `held by a dedicated session that is closed, for its running jobs, ${end}`;
  return `held by a dedicated session ${end}${first.mayOutlast ? ', unless a job of it runs longer' : ''}`;
}

const day: Millis = 24 * 3600 * 1000;

/** Formats `12:03:10 UTC`, with the number of days ahead if `moment` is not today. */
function timeOfDay(moment: Millis, at: Millis): string {
  const part = (size: Millis, of: number) =>
    String(Math.floor((moment % (size * of)) / size)).padStart(2, '0');
  const time = `${part(3600_000, 24)}:${part(60_000, 60)}:${part(1000, 60)} UTC`;
  const days = Math.floor(moment / day) - Math.floor(at / day);
  return days > 0 ? `${time} in ${days === 1 ? '1 day' : `${days} days`}` : time;
}

/** Returns whether two instances tie, so that the earlier submission goes first. */
export const isTied = (a: Standing, b: Standing): boolean => compareInstances(a, b) === 0;
