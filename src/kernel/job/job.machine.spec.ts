import { describe, expect, it } from '@jest/globals';
import { transition } from 'xstate';
import { jobMachine, type JobEventType } from './job.machine.js';
import { jobStates, type JobState } from './job.js';

const refusesAll: Record<JobEventType, JobState | 'refused'> = {
  start: 'refused',
  complete: 'refused',
  fail: 'refused',
  stop: 'refused',
  stopped: 'refused',
  lose: 'refused',
  giveUp: 'refused',
  sessionClosed: 'refused',
};

const table: Record<JobState, Record<JobEventType, JobState | 'refused'>> = {
  queued: { ...refusesAll, start: 'running', stop: 'cancelled', sessionClosed: 'failed' },
  running: {
    start: 'refused',
    complete: 'completed',
    fail: 'failed',
    stop: 'running',
    stopped: 'cancelled',
    lose: 'queued',
    giveUp: 'failed',
    sessionClosed: 'failed',
  },
  completed: refusesAll,
  failed: refusesAll,
  cancelled: refusesAll,
};

const pairs = jobStates.flatMap((state) =>
  (Object.keys(refusesAll) as JobEventType[]).map((event) => [state, event, table[state][event]] as const),
);

describe('the job table', () => {
  it.each(pairs)('%s on %s: %s', (state, type, expected) => {
    const before = jobMachine.resolveState({ value: state, context: {} });
    expect(before.can({ type }) ? transition(jobMachine, before, { type })[0].value : 'refused').toBe(
      expected,
    );
  });
});
