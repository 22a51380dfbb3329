import { transition } from 'xstate';
import { Refusal } from '../refusal.js';
import { toWholeSeconds, type Millis } from '../time.js';
import type { LedgerEntry } from '../usage/usage.js';
import {
  clocksAfterStart,
  idleSinceAfterEnd,
  isDrained,
  keepsSlot,
  stopActiveClock,
} from './session.clocks.js';
import { clockEndOf, type SessionClock } from './session.deadline.js';
import { sessionMachine, type SessionEventType } from './session.machine.js';
import type { CloseCode, Ending, Session, SessionState } from './session.js';

/**
 * What can happen to a session; `at` is when it takes effect. `headSeq`: submission number of its first queued job
 * after the event. `activation`: the number of the activation; null if the start does not activate the session.
 */
export type SessionEvent =
  | { readonly type: 'jobSubmitted'; readonly at: Millis; readonly seq: number }
  | {
      readonly type: 'jobStarted';
      readonly at: Millis;
      readonly slot: number;
      readonly headSeq: number | null;
      readonly activation: number | null;
    }
  | { readonly type: 'jobEnded'; readonly at: Millis; readonly startedAt: Millis; readonly charged: Millis }
  | {
      readonly type: 'jobRequeued';
      readonly at: Millis;
      readonly startedAt: Millis;
      readonly headSeq: number;
    }
  | { readonly type: 'jobWithdrawn'; readonly at: Millis; readonly headSeq: number | null }
  | { readonly type: 'drain' | 'resume'; readonly at: Millis }
  /** `clientSeen`: its client sent a heartbeat. `used`: its client used it in another way than by a job. */
  | { readonly type: 'clientSeen' | 'used'; readonly at: Millis }
  | { readonly type: 'close'; readonly at: Millis; readonly code: CloseCode; readonly reason: string }
  | { readonly type: SessionClock; readonly at: Millis };

/** The result of one event: the new row and the ledger entries, to be saved in one transaction. */
export interface SessionDecision {
  readonly session: Session;
  readonly ledger: readonly LedgerEntry[];
  /** Whether the session has just closed with queued jobs: they fail in the same transaction. */
  readonly failsQueuedJobs: boolean;
}

/** Applies `event` to `session`. Pure: the time is `event.at`. Throws {@link Refusal}. */
export function decideSession(session: Session, event: SessionEvent): SessionDecision {
  if (firesEarly(session, event)) return { session, ledger: [], failsQueuedJobs: false };
  const counted = updateCounters(session, event);
  const before = sessionMachine.resolveState({
    value: session.state,
    context: {
      accepting: session.acceptingJobs,
      drained: isDrained(counted),
      closesOnIdle: session.limits.onIdle === 'close',
    },
  });
  const signal = { type: event.type satisfies SessionEventType };
  if (!before.can(signal)) return refuse(session, event);
  const state = transition(sessionMachine, before, signal)[0].value as SessionState;

  const entered = state === session.state ? counted : enterState(counted, state, event);
  const released = releaseSlotIfDone(entered, event.at);
  return { ...released, failsQueuedJobs: state === 'closed' && counted.queuedJobs > 0 };
}

/** Throws the refusal of a submit to a session that accepts no jobs, so that it comes before all other refusals. */
export function checkAccepts(session: Session): void {
  if (session.state === 'closed' || !session.acceptingJobs)
    refuse(session, { type: 'jobSubmitted', at: session.createdAt, seq: 0 });
}

/**
 * Returns whether a timer fired before its clock expired. This is no error: the clock may have stopped or moved
 * meanwhile.
 */
function firesEarly(session: Session, event: SessionEvent): boolean {
  switch (event.type) {
    case 'max_ttl':
    case 'active_ttl':
    case 'interactive_ttl':
    case 'unused_ttl':
    case 'heartbeat_ttl':
      return event.at < (clockEndOf(session, event.type) ?? Infinity);
    default:
      return false;
  }
}

/** Stops charging a held slot while the service is down; the session's clocks keep running (semantics: clocks). */
export function pauseHold(session: Session, at: Millis): SessionDecision {
  const { session: paused, ledger } = endHold(session, at);
  return { session: { ...paused, slot: session.slot }, ledger, failsQueuedJobs: false };
}

/** Resumes charging a paused hold when the service can run its jobs again. */
export const resumeHold = (session: Session, at: Millis): Session =>
  session.slot === null || session.heldSince !== null ? session : { ...session, heldSince: at };

/** Updates counters and clocks for the event, whatever state follows. */
function updateCounters(session: Session, event: SessionEvent): Session {
  switch (event.type) {
    case 'jobSubmitted':
      return {
        ...session,
        queuedJobs: session.queuedJobs + 1,
        headSeq: session.headSeq ?? event.seq,
        idleSince: session.limits.busyIsIdle && session.state === 'active' ? event.at : null,
      };
    case 'jobStarted':
      return {
        ...session,
        queuedJobs: session.queuedJobs - 1,
        runningJobs: session.runningJobs + 1,
        headSeq: event.headSeq,
        lastJobStarted: event.at,
        ...clocksAfterStart(session, session.limits, event.at),
        runningStarts: session.runningStarts + event.at,
      };
    case 'jobEnded':
      return updateIdleClock(
        {
          ...leaveLane(session, event),
          lastJobCompleted: event.at,
          used: session.used + (session.mode === 'batch' ? event.charged : 0),
        },
        event.at,
      );
    case 'jobRequeued':
      return { ...leaveLane(session, event), queuedJobs: session.queuedJobs + 1, headSeq: event.headSeq };
    case 'jobWithdrawn':
      return updateIdleClock(
        { ...session, queuedJobs: session.queuedJobs - 1, headSeq: event.headSeq },
        event.at,
      );
    case 'drain':
    case 'resume':
      return { ...session, acceptingJobs: event.type === 'resume' };
    case 'clientSeen':
      return session.clientSeenAt === null
        ? session
        : { ...session, clientSeenAt: Math.max(session.clientSeenAt, event.at) };
    case 'used':
      return session.idleSince === null ? session : { ...session, idleSince: event.at };
    case 'close':
    case 'max_ttl':
    case 'active_ttl':
    case 'interactive_ttl':
    case 'unused_ttl':
    case 'heartbeat_ttl':
      return session;
  }
}

function leaveLane(session: Session, event: { at: Millis; startedAt: Millis }): Session {
  const updated = {
    ...session,
    runningJobs: session.runningJobs - 1,
    runningStarts: session.runningStarts - event.startedAt,
  };
  return updated.runningJobs === 0 ? { ...updated, ...stopActiveClock(updated, event.at) } : updated;
}

/** Starts the idle clock if the session is idle now. */
function updateIdleClock(session: Session, at: Millis): Session {
  const idleSince = idleSinceAfterEnd(session, session.limits, at);
  return idleSince === session.idleSince ? session : { ...session, idleSince };
}

/** Applies the changes of entering another state. */
function enterState(session: Session, state: SessionState, event: SessionEvent): Session {
  const { at } = event;
  const entered: Session = {
    ...session,
    state,
    stateReason: reasonOf(session, event),
    timestamps: [...session.timestamps, { status: state, at }],
  };
  switch (state) {
    case 'active': {
      if (event.type !== 'jobStarted') throw impossible(session, event);
      const held = session.mode === 'dedicated' && { slot: event.slot, heldSince: at };
      return { ...entered, activatedAt: at, activation: event.activation, ...held };
    }
    case 'inactive':
      return { ...entered, idleSince: null };
    case 'closed':
      return {
        ...entered,
        ...stopActiveClock(entered, at),
        acceptingJobs: false,
        closedAt: at,
        closeCode: closeCodeOf(event),
        idleSince: null,
        queuedJobs: 0,
        headSeq: null,
      };
    case 'open':
      throw impossible(session, event);
  }
}

function closeCodeOf(event: SessionEvent): CloseCode {
  switch (event.type) {
    case 'close':
      return event.code;
    case 'max_ttl':
    case 'active_ttl':
    case 'interactive_ttl':
    case 'unused_ttl':
    case 'heartbeat_ttl':
      return event.type;
    default:
      return 'drained';
  }
}

function reasonOf(session: Session, event: SessionEvent): string {
  const { limits } = session;
  switch (event.type) {
    case 'close':
      return event.reason;
    case 'max_ttl':
      return `max_ttl of ${toWholeSeconds(limits.maxTtl)} s expired`;
    case 'active_ttl':
      return `active_ttl of ${toWholeSeconds(limits.activeTtl)} s expired`;
    case 'interactive_ttl':
      return `interactive_ttl of ${toWholeSeconds(limits.interactiveTtl)} s expired`;
    case 'unused_ttl':
      return `unused for ${toWholeSeconds(limits.unusedTtl)} s (unused_ttl expired)`;
    case 'heartbeat_ttl':
      return `its client was silent for ${toWholeSeconds(limits.heartbeatTtl ?? 0)} s (heartbeat_ttl expired)`;
    case 'jobStarted':
      return 'one of its jobs started';
    default:
      return 'drained: it accepts no jobs and has none left';
  }
}

/** Releases the slot if the session no longer keeps it. */
function releaseSlotIfDone(
  session: Session,
  at: Millis,
): { session: Session; ledger: readonly LedgerEntry[] } {
  return keepsSlot(session) || session.slot === null ? { session, ledger: [] } : endHold(session, at);
}

function endHold(session: Session, at: Millis): { session: Session; ledger: readonly LedgerEntry[] } {
  const { slot, heldSince: from } = session;
  const released: Session = { ...session, slot: null, heldSince: null };
  if (slot === null || from === null || from === at) return { session: released, ledger: [] };
  const { backend, instance, user, id } = session;
  const entry: LedgerEntry = {
    kind: 'hold',
    backend,
    slot,
    instance,
    user,
    session: id,
    job: null,
    from,
    to: at,
  };
  return { session: { ...released, used: session.used + at - from }, ledger: [entry] };
}

function refuse(session: Session, event: SessionEvent): SessionDecision {
  const { id, state } = session;
  switch (event.type) {
    case 'jobSubmitted':
    case 'resume':
      if (state === 'closed') throw new Refusal('session_closed', { session: id, ending: endingOf(session) });
      throw new Refusal('session_not_accepting', { session: id });
    default:
      throw impossible(session, event);
  }
}

const endingOf = ({ closeCode, stateReason, limits }: Session): Ending => ({
  ...{ closeCode, stateReason, limits },
});

const impossible = ({ id, state }: Session, { type }: SessionEvent): Refusal =>
  new Refusal('illegal_transition', { of: 'session', id, state, event: type });
