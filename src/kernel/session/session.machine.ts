import { setup } from 'xstate';

/** What can happen to a session. An event's `at` is when it takes effect: for a deadline, its due time. */
export type SessionEventType =
  | 'jobSubmitted'
  | 'jobStarted'
  | 'jobEnded'
  | 'jobRequeued'
  | 'jobWithdrawn'
  | 'drain'
  | 'resume'
  | 'close'
  | 'max_ttl'
  | 'active_ttl'
  | 'interactive_ttl'
  | 'unused_ttl'
  | 'heartbeat_ttl'
  | 'clientSeen'
  | 'used';

/**
 * The facts that guards need. `drained`: whether the event leaves the session drained. The others precede the event.
 */
export interface SessionFacts {
  readonly drained: boolean;
  readonly accepting: boolean;
  readonly closesOnIdle: boolean;
}

const drainable = { target: 'closed', guard: 'isDrained' } as const;

/**
 * The lifecycle of a session as one table (semantics: session states). Events are listed per state and not at the root,
 * because a root-level event would also fire in `closed`, and a closed session never reopens. The table only decides
 * which state follows; `session.decide.ts` changes times and counters. An event that changes nothing names its own
 * state, because without a target the machine would refuse it.
 */
export const sessionMachine = setup({
  types: { context: {} as SessionFacts, events: {} as { type: SessionEventType } },
  guards: {
    isDrained: ({ context }) => context.drained,
    isAccepting: ({ context }) => context.accepting,
    closesOnIdle: ({ context }) => context.closesOnIdle,
  },
}).createMachine({
  id: 'session',
  initial: 'open',
  context: { drained: false, accepting: true, closesOnIdle: false },
  states: {
    open: {
      on: {
        jobSubmitted: { target: 'open', guard: 'isAccepting' },
        jobStarted: 'active',
        jobWithdrawn: [drainable, 'open'],
        drain: [drainable, 'open'],
        resume: 'open',
        close: 'closed',
        clientSeen: 'open',
        used: 'open',
        heartbeat_ttl: 'closed',
        unused_ttl: 'closed',
      },
    },
    active: {
      on: {
        jobSubmitted: { target: 'active', guard: 'isAccepting' },
        jobStarted: 'active',
        jobEnded: [drainable, 'active'],
        jobRequeued: 'active',
        jobWithdrawn: [drainable, 'active'],
        drain: [drainable, 'active'],
        resume: 'active',
        close: 'closed',
        clientSeen: 'active',
        used: 'active',
        heartbeat_ttl: 'closed',
        interactive_ttl: [{ target: 'closed', guard: 'closesOnIdle' }, 'inactive'],
        max_ttl: 'closed',
        active_ttl: 'closed',
      },
    },
    inactive: {
      on: {
        jobSubmitted: { target: 'inactive', guard: 'isAccepting' },
        jobStarted: 'active',
        jobWithdrawn: [drainable, 'inactive'],
        drain: [drainable, 'inactive'],
        resume: 'inactive',
        close: 'closed',
        clientSeen: 'inactive',
        used: 'inactive',
        heartbeat_ttl: 'closed',
        max_ttl: 'closed',
      },
    },
    // Not `type: 'final'`: jobs may still end in a closed session, and draining or closing it again is no error.
    closed: {
      on: { jobEnded: 'closed', drain: 'closed', close: 'closed', clientSeen: 'closed', used: 'closed' },
    },
  },
});
