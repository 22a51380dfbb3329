import { describe, expect, it } from '@jest/globals';
import { after, givenSession, type GivenSession } from '../../../test/support/given.js';
import { Refusal } from '../refusal.js';
import { seconds } from '../time.js';
import { decideSession, type SessionEvent } from './session.decide.js';
import type { SessionEventType } from './session.machine.js';
import { sessionStates, type SessionState } from './session.js';

type Reaction = SessionState | 'refused' | 'ignored';

/** The outcome of every event in every state, after all clocks have expired and with nothing left to do. */
const table: Record<SessionState, Record<SessionEventType, Reaction>> = {
  open: {
    jobSubmitted: 'open',
    jobStarted: 'active',
    jobEnded: 'refused',
    jobRequeued: 'refused',
    jobWithdrawn: 'open',
    drain: 'closed',
    resume: 'open',
    close: 'closed',
    max_ttl: 'ignored',
    active_ttl: 'ignored',
    interactive_ttl: 'ignored',
    unused_ttl: 'closed',
    heartbeat_ttl: 'closed',
    clientSeen: 'open',
    used: 'open',
  },
  active: {
    jobSubmitted: 'active',
    jobStarted: 'active',
    jobEnded: 'active',
    jobRequeued: 'active',
    jobWithdrawn: 'active',
    drain: 'closed',
    resume: 'active',
    close: 'closed',
    max_ttl: 'closed',
    active_ttl: 'closed',
    interactive_ttl: 'inactive',
    unused_ttl: 'ignored',
    heartbeat_ttl: 'closed',
    clientSeen: 'active',
    used: 'active',
  },
  inactive: {
    jobSubmitted: 'inactive',
    jobStarted: 'active',
    jobEnded: 'refused',
    jobRequeued: 'refused',
    jobWithdrawn: 'inactive',
    drain: 'closed',
    resume: 'inactive',
    close: 'closed',
    max_ttl: 'closed',
    active_ttl: 'ignored',
    interactive_ttl: 'ignored',
    unused_ttl: 'ignored',
    heartbeat_ttl: 'closed',
    clientSeen: 'inactive',
    used: 'inactive',
  },
  closed: {
    jobSubmitted: 'refused',
    jobStarted: 'refused',
    jobEnded: 'closed',
    jobRequeued: 'refused',
    jobWithdrawn: 'refused',
    drain: 'closed',
    resume: 'refused',
    close: 'closed',
    max_ttl: 'ignored',
    active_ttl: 'ignored',
    interactive_ttl: 'ignored',
    unused_ttl: 'ignored',
    heartbeat_ttl: 'ignored',
    clientSeen: 'closed',
    used: 'closed',
  },
};

const at = after(5000);
const events: Record<SessionEventType, SessionEvent> = {
  jobSubmitted: { type: 'jobSubmitted', at, seq: 7 },
  jobStarted: { type: 'jobStarted', at, slot: 0, headSeq: null, activation: 1 },
  jobEnded: { type: 'jobEnded', at, startedAt: after(0), charged: 0 },
  jobRequeued: { type: 'jobRequeued', at, startedAt: after(0), headSeq: 7 },
  jobWithdrawn: { type: 'jobWithdrawn', at, headSeq: null },
  drain: { type: 'drain', at },
  resume: { type: 'resume', at },
  close: { type: 'close', at, code: 'closed_by_user', reason: 'closed by user alice' },
  max_ttl: { type: 'max_ttl', at },
  active_ttl: { type: 'active_ttl', at },
  interactive_ttl: { type: 'interactive_ttl', at },
  unused_ttl: { type: 'unused_ttl', at },
  heartbeat_ttl: { type: 'heartbeat_ttl', at },
  clientSeen: { type: 'clientSeen', at },
  used: { type: 'used', at },
};

/** The state of the session's jobs and clocks that an event needs. */
const jobs: Partial<Record<SessionEventType, GivenSession>> = {
  heartbeat_ttl: { limits: { heartbeatTtl: seconds(30) }, clientSeenAt: after(0) },
  jobStarted: { queuedJobs: 1 },
  jobWithdrawn: { queuedJobs: 1 },
  jobEnded: { runningJobs: 1 },
  jobRequeued: { runningJobs: 1 },
  active_ttl: { runningJobs: 1 },
};

function outcome(given: GivenSession, event: SessionEvent): Reaction {
  const session = givenSession(given);
  try {
    const decision = decideSession(session, event);
    const isClock = event.type.endsWith('_ttl');
    return isClock && decision.session === session ? 'ignored' : decision.session.state;
  } catch (error) {
    if (error instanceof Refusal) return 'refused';
    throw error;
  }
}

const pairs = sessionStates.flatMap((state) =>
  (Object.keys(events) as SessionEventType[]).map((event) => [state, event, table[state][event]] as const),
);

describe('the session table', () => {
  it.each(pairs)('%s on %s: %s', (state, event, expected) => {
    expect(outcome({ state, ...jobs[event] }, events[event])).toBe(expected);
  });

  const drains: [SessionState, GivenSession, SessionEventType, Reaction][] = [
    ['open', { queuedJobs: 1 }, 'jobWithdrawn', 'closed'],
    ['open', { queuedJobs: 2 }, 'jobWithdrawn', 'open'],
    ['open', { queuedJobs: 1 }, 'drain', 'open'],
    ['open', { queuedJobs: 1 }, 'jobStarted', 'active'],
    ['active', { runningJobs: 1 }, 'jobEnded', 'closed'],
    ['active', { runningJobs: 2 }, 'jobEnded', 'active'],
    ['active', { runningJobs: 1, queuedJobs: 1 }, 'jobEnded', 'active'],
    ['active', { queuedJobs: 1 }, 'jobWithdrawn', 'closed'],
    ['active', { runningJobs: 1, queuedJobs: 1 }, 'jobWithdrawn', 'active'],
    ['active', { runningJobs: 1 }, 'jobRequeued', 'active'],
    ['active', { runningJobs: 1 }, 'drain', 'active'],
    ['inactive', { queuedJobs: 1 }, 'jobWithdrawn', 'closed'],
    ['inactive', { queuedJobs: 1 }, 'drain', 'inactive'],
    ['inactive', { queuedJobs: 1 }, 'jobStarted', 'active'],
  ];
  it.each(drains)('%s with %o, draining, on %s: %s', (state, left, event, expected) => {
    expect(outcome({ state, ...left, acceptingJobs: false }, events[event])).toBe(expected);
  });

  it.each(['open', 'active', 'inactive'] as const)('%s accepts no new job while it drains', (state) => {
    expect(outcome({ state, queuedJobs: 1, acceptingJobs: false }, events.jobSubmitted)).toBe('refused');
  });

  it('closes an idle session if the backend has on_idle: close', () => {
    expect(outcome({ state: 'active', limits: { onIdle: 'close' } }, events.interactive_ttl)).toBe('closed');
  });
});
