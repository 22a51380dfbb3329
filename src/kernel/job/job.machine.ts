import { setup } from 'xstate';

export type JobEventType =
  'start' | 'complete' | 'fail' | 'stop' | 'stopped' | 'lose' | 'giveUp' | 'sessionClosed';

/** The lifecycle of a job as one table (semantics: jobs). `stop` only marks a running job; `stopped` ends it. */
export const jobMachine = setup({ types: { events: {} as { type: JobEventType } } }).createMachine({
  id: 'job',
  initial: 'queued',
  states: {
    queued: { on: { start: 'running', stop: 'cancelled', sessionClosed: 'failed' } },
    running: {
      on: {
        complete: 'completed',
        fail: 'failed',
        stop: 'running',
        stopped: 'cancelled',
        lose: 'queued',
        giveUp: 'failed',
        sessionClosed: 'failed',
      },
    },
    completed: { type: 'final' },
    failed: { type: 'final' },
    cancelled: { type: 'final' },
  },
});
