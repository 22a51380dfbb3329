import type { BackendStatus } from '../backend/backend.js';
import type { Millis } from '../time.js';
import { compareInstances, type Standing } from './order.js';

/** A session with jobs that wait, and how many do. */
export interface WaitingSession {
  readonly id: string;
  readonly queued: number;
}

/** The waiting jobs of one backend by group, as far as one of them needs to know to find its place. */
export interface WaitingView {
  readonly at: Millis;
  readonly backend: {
    readonly status: BackendStatus;
    readonly statusReason: string | null;
    readonly slots: number;
  };
  readonly job: { readonly session: string | null; readonly instance: string; readonly needsSlot: boolean };
  /** Jobs of its own session that were submitted before it. */
  readonly aheadInSession: number;
  /** Jobs of its own instance's general queue before it: what waits alone, and whole sessions by their first job. */
  readonly aheadInInstance: number;
  /** Dedicated sessions that hold a slot, by slot. One may hold a slot that an operator took away. */
  readonly holders: readonly Holder[];
  /** Those a slot is promised to, by slot; they wait for it and not in the general queue. */
  readonly reserved: readonly WaitingSession[];
  /** Active batches, oldest activation first. */
  readonly batches: readonly WaitingSession[];
  /** Who has jobs in the general queue. */
  readonly instances: readonly {
    readonly id: string;
    readonly name: string;
    readonly queued: number;
    readonly charged: Millis;
    readonly shares: number;
    /** Its budget is used up. */
    readonly blocked: boolean;
    /** How many of its jobs were submitted before; counted where it stands level with the job's own instance, else 0. */
    readonly earlier: number;
  }[];
}

export interface Holder extends WaitingSession {
  readonly slot: number;
  readonly isClosed: boolean;
  /** When its `max_ttl` ends; null: not known. */
  readonly until: Millis | null;
  /** When the limit of the last of its running jobs ends: closed or not, it keeps its slot for them. Null: none runs. */
  readonly runsUntil: Millis | null;
}

export interface Place {
  /** 1: the next of all that wait on this backend. */
  readonly position: number;
  /** One sentence for the person who waits. */
  readonly reason: string;
}

const total = (sessions: readonly { readonly queued: number }[]) =>
  sessions.reduce((sum, { queued }) => sum + queued, 0);
const jobs = (n: number) => (n === 1 ? '1 job' : `${n} jobs`);
const go = (n: number) => (n === 1 ? 'goes' : 'go');

/** Where a queued job stands in the order of {@link chooseJobs}, and what it waits for (semantics: who runs next). */
export function placeInQueue(view: WaitingView): Place {
  const { ahead, why } = standing(view);
  const position = ahead + 1;
  const { status, statusReason, slots } = view.backend;
  if (status !== 'online')
    return { position, reason: `backend ${status}${statusReason === null ? '' : `: ${statusReason}`}` };
  const own = view.job.session;
  const holdsSlot = view.holders.some(({ id }) => id === own);
  const isReserved = view.reserved.some(({ id }) => id === own);
  const holders = view.holders.filter(({ slot }) => slot < slots);
  if (!holdsSlot && !isReserved && holders.length >= slots)
    return { position, reason: held({ ...view, holders }) };
  return { position, reason: why };
}

function standing(view: WaitingView): { ahead: number; why: string } {
  const own = view.job.session;
  const inSession = view.aheadInSession;
  const earlier = inSession > 0 ? `${jobs(inSession)} of its session ${go(inSession)} first` : null;
  const holds = view.holders.findIndex(({ id }) => id === own);
  if (holds !== -1) {
    const ahead = total(view.holders.slice(0, holds)) + inSession;
    return { ahead, why: earlier ?? "all lanes of its session's slot are busy" };
  }
  const held = total(view.holders);
  const reserved = view.reserved.findIndex(({ id }) => id === own);
  if (reserved !== -1) {
    return {
      ahead: held + total(view.reserved.slice(0, reserved)) + inSession,
      why: earlier ?? 'a slot is reserved for its session and is running empty',
    };
  }
  const first = held + total(view.reserved);
  const place = view.batches.findIndex(({ id }) => id === own);
  if (place !== -1) {
    const older = total(view.batches.slice(0, place));
    const why =
      older > 0 ? `${jobs(older)} of batches that became active earlier ${go(older)} first` : earlier;
    return { ahead: first + older + inSession, why: why ?? busy(view) };
  }
  return general(view, first);
}

function general(view: WaitingView, first: number): { ahead: number; why: string } {
  const batches = total(view.batches);
  const mine = view.instances.find(({ id }) => id === view.job.instance);
  const others = view.instances.filter((other) => mine !== undefined && compareInstances(other, mine) < 0);
  const level = view.instances.filter(({ id, earlier }) => id !== mine?.id && earlier > 0);
  const earlier = level.reduce((sum, other) => sum + other.earlier, 0);
  const ahead = first + batches + total(others) + earlier + view.aheadInInstance + view.aheadInSession;
  if (mine?.blocked) return { ahead, why: `the budget of instance ${mine.name} is used up` };
  const own = view.aheadInInstance + view.aheadInSession;
  if (batches > 0) return { ahead, why: `${jobs(batches)} of active batches ${go(batches)} first` };
  const [other] = others;
  if (other !== undefined) {
    const count = total(others);
    return { ahead, why: `${jobs(count)} of ${named(others)} ${go(count)} first (fair share)` };
  }
  if (earlier > 0) {
    const why = `${jobs(earlier)} of ${named(level)} ${go(earlier)} first (the same share used, submitted earlier)`;
    return { ahead, why };
  }
  if (own > 0) return { ahead, why: `${jobs(own)} of its own instance ${go(own)} first` };
  return { ahead, why: view.job.needsSlot ? 'waits for an empty slot' : busy(view) };
}

const named = ([first, ...more]: readonly { readonly name: string }[]): string =>
  more.length === 0 ? `instance ${first?.name}` : `${more.length + 1} other instances`;

const busy = (view: WaitingView): string =>
  view.reserved.length > 0 ? 'the free lanes are reserved for a dedicated session' : 'all lanes are busy';

function held(view: WaitingView): string {
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

/** `12:03:10 UTC`, and how many days ahead where that would be ambiguous. */
function timeOfDay(moment: Millis, at: Millis): string {
  const part = (size: Millis, of: number) =>
    String(Math.floor((moment % (size * of)) / size)).padStart(2, '0');
  const time = `${part(3600_000, 24)}:${part(60_000, 60)}:${part(1000, 60)} UTC`;
  const days = Math.floor(moment / day) - Math.floor(at / day);
  return days > 0 ? `${time} in ${days === 1 ? '1 day' : `${days} days`}` : time;
}

/** Neither goes before the other: among their jobs the earlier submission does. */
export const isLevel = (a: Standing, b: Standing): boolean => compareInstances(a, b) === 0;
