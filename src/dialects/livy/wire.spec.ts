import { describe, expect, it } from '@jest/globals';
import { after, givenJob, givenSession, t0, type GivenSession } from '../../../test/support/given.js';
import type { Job } from '../../kernel/job/job.js';
import { batchState, fromLog, fromStatement, fromStatements, statementState, stateOf } from './wire.js';

describe('the state of a session', () => {
  const ready = { state: 'active', lastJobCompleted: t0 } as const;
  it.each<[string, GivenSession, boolean, string]>([
    ['waiting for a slot', { state: 'open', queuedJobs: 1 }, false, 'not_started'],
    ['whose interpreter starts', { state: 'active', runningJobs: 1 }, true, 'starting'],
    [
      'whose interpreter starts, with a statement waiting',
      { state: 'active', runningJobs: 1, queuedJobs: 1 },
      true,
      'starting',
    ],
    ['with nothing to do', ready, true, 'idle'],
    ['with a statement running', { ...ready, runningJobs: 1 }, true, 'busy'],
    ['with a statement waiting', { ...ready, queuedJobs: 1 }, true, 'busy'],
    ['closed, its process still ending', { state: 'closed' }, true, 'shutting_down'],
    ['closed by its user', { state: 'closed' }, false, 'dead'],
    ['whose interpreter died at work', { state: 'closed', closeCode: 'runner_lost' }, true, 'error'],
    ['whose interpreter ended', { state: 'closed', closeCode: 'runner_ended' }, false, 'dead'],
    ['closed by an admin', { state: 'closed', closeCode: 'closed_by_admin' }, false, 'killed'],
  ])('%s', (_, session, lives, state) => {
    expect(stateOf(givenSession(session), lives)).toBe(state);
  });
});

describe('the state of a statement', () => {
  const stop = { at: t0, reason: 'cancelled', endCode: null };
  it.each<[Partial<Job>, string]>([
    [{ state: 'queued' }, 'waiting'],
    [{ state: 'running' }, 'running'],
    [{ state: 'running', stop }, 'cancelling'],
    [{ state: 'completed' }, 'available'],
    [{ state: 'failed', attempts: 1 }, 'available'],
    [{ state: 'failed', attempts: 0 }, 'cancelled'],
    [{ state: 'cancelled' }, 'cancelled'],
  ])('%j: %s', (job, state) => {
    expect(statementState(givenJob(job))).toBe(state);
  });

  it.each<[Job['state'], string]>([
    ['queued', 'starting'],
    ['running', 'running'],
    ['completed', 'success'],
    ['failed', 'dead'],
    ['cancelled', 'killed'],
  ])('a batch whose job is %s is %s', (state, livyState) => {
    expect(batchState(givenJob({ state }))).toBe(livyState);
  });

  it('that failed without an output gets one with an error', () => {
    const job = givenJob({
      state: 'failed',
      attempts: 1,
      reason: 'Interpreter died:\nx',
      startedAt: t0,
      endedAt: after(1),
    });
    const answer = fromStatement({ number: 4, job, params: '{"code":"f()"}', output: null }, null);
    expect(JSON.parse(answer)).toEqual({
      ...{ id: 4, code: 'f()', state: 'available', progress: 1, started: t0, completed: after(1) },
      output: {
        status: 'error',
        execution_count: 4,
        ename: 'Error',
        evalue: 'Interpreter died:\nx',
        traceback: [],
      },
    });
  });

  it('has no output before its end', () => {
    const job = givenJob({ state: 'running' });
    const answer = fromStatement(
      { number: 0, job, params: '{"code":"f()"}', output: '{"status":"ok"}' },
      0.25,
    );
    expect(JSON.parse(answer)).toMatchObject({ output: null, progress: 0.25, completed: 0 });
  });
});

describe('a list of statements', () => {
  it.each([
    [0, [], { total_statements: 0, statements: [] }],
    [5, ['{"id":3}'], { total_statements: 5, statements: [{ id: 3 }] }],
    [5, ['{"id":3}', '{"id":4}'], { total_statements: 5, statements: [{ id: 3 }, { id: 4 }] }],
  ])('of %d: %j', (total, statements, list) => {
    expect(JSON.parse(fromStatements(total, statements))).toEqual(list);
  });
});

describe('a page of the log', () => {
  const lines = ['a', 'b', 'c', 'd'];
  it.each([
    [-1, 2, 2, ['c', 'd']],
    [0, 3, 0, ['a', 'b', 'c']],
    [3, 100, 3, ['d']],
    [9, 100, 4, []],
    [1, -1, 1, ['b', 'c', 'd']],
    [-1, 0, 4, []],
  ])('from %d, size %d begins at %d: %j', (from, size, begins, log) => {
    expect(fromLog(7, lines, from, size)).toEqual({ id: 7, from: begins, total: 4, log });
  });
});
