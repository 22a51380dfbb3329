import { describe, expect, it } from '@jest/globals';
import { after, givenJob } from '../../../test/support/given.js';
import { refusalOf, refusedWords } from '../../../test/support/refused.js';
import { seconds } from '../time.js';
import {
  allowNoAttemptAfter,
  checkJobLimit,
  checkPending,
  closedWithSession,
  endJob,
  limitStop,
  loseJob,
  startJob,
  stopJob,
} from './job.decide.js';
import type { Stop } from './job.js';

const running = givenJob({ state: 'running' });
const scripted = givenJob({ state: 'running', script: { duration: seconds(50), outcome: 'completed' } });
const cancel: Stop = { at: after(30), reason: 'cancelled by user alice', endCode: null };

describe('starting a job', () => {
  it('gives it a lane, a fresh fencing token and one more attempt', () => {
    const started = startJob(givenJob({ attempts: 1 }), 2, 'attempt-2', after(5));
    expect(started).toMatchObject({
      state: 'running',
      startedAt: after(5),
      slot: 2,
      token: 'attempt-2',
      attempts: 2,
    });
  });

  it('is refused a second time', () => {
    expect(() => startJob(running, 0, 'again', after(5))).toThrow(
      expect.objectContaining({ code: 'illegal_transition' }),
    );
  });
});

describe('the end of a job', () => {
  it('as completed is charged from its start to its end', () => {
    const { job, ledger } = endJob(running, { type: 'completed' }, after(7));
    expect(job).toMatchObject({
      state: 'completed',
      endedAt: after(7),
      used: seconds(7),
      slot: null,
      token: null,
    });
    expect(ledger).toEqual([
      expect.objectContaining({ kind: 'job', job: 'j1', slot: 0, from: after(0), to: after(7) }),
    ]);
  });

  it('as failed has a reason and the time used', () => {
    const { job } = endJob(
      running,
      { type: 'failed', reason: 'ZeroDivisionError', reasonCode: 1200 },
      after(7),
    );
    expect(job).toMatchObject({
      state: 'failed',
      reason: 'ZeroDivisionError',
      reasonCode: 1200,
      used: seconds(7),
    });
  });

  it('writes no entry for a job of a dedicated session, because the slot is charged', () => {
    const { job, ledger } = endJob(
      { ...running, mode: 'dedicated', session: 's1' },
      { type: 'completed' },
      after(7),
    );
    expect(job.used).toBe(seconds(7));
    expect(ledger).toEqual([]);
  });

  it('writes no entry for a job of no duration', () =>
    expect(endJob(running, { type: 'completed' }, after(0)).ledger).toEqual([]));

  it.each(['completed', 'stopped'] as const)(
    'is a cancellation once it was asked to stop, though it %s',
    (type) => {
      const { job } = endJob({ ...running, stop: cancel }, { type }, after(33));
      expect(job).toMatchObject({
        state: 'cancelled',
        reason: cancel.reason,
        reasonCode: null,
        used: seconds(33),
        stop: null,
      });
    },
  );
});

describe('stopping a job', () => {
  it('cancels a queued one at once, for free', () => {
    const { job, ledger } = stopJob(givenJob(), cancel);
    expect(job).toMatchObject({ state: 'cancelled', reason: cancel.reason, endedAt: after(30), used: 0 });
    expect(ledger).toEqual([]);
  });

  it('only marks a running one, which keeps its lane until its runner has ended', () => {
    expect(stopJob(running, cancel).job).toMatchObject({
      state: 'running',
      stop: cancel,
      slot: 0,
      endedAt: null,
    });
  });

  it('ends a scripted one at once and charges what it used', () => {
    const { job, ledger } = stopJob(scripted, cancel);
    expect(job).toMatchObject({ state: 'cancelled', endedAt: after(30), used: seconds(30) });
    expect(ledger).toHaveLength(1);
  });

  it('keeps the reason of the first request', () => {
    const limit = limitStop(running, after(100));
    const { job } = stopJob({ ...running, stop: limit }, { ...cancel, at: after(101) });
    expect(job.stop).toEqual(limit);
  });

  it('by its limit cancels it, with an end code for the limit', () => {
    const { job } = stopJob(scripted, limitStop(scripted, after(100)));
    expect(job).toMatchObject({
      state: 'cancelled',
      endCode: 'ran_too_long',
      reason: expect.stringContaining('of 100 s'),
    });
  });

  it.each(['completed', 'failed', 'cancelled'] as const)('is refused once it is %s', (state) => {
    expect(() => stopJob(givenJob({ state }), cancel)).toThrow(
      expect.objectContaining({ code: 'job_final' }),
    );
  });
});

describe('a lost runner', () => {
  it.each([1, 2])(
    'puts the job back in the queue after attempt %d of 3, uncharged and without its token',
    (attempts) => {
      const { job, ledger } = loseJob({ ...running, attempts }, after(40), 'exit code 9', false);
      expect(job).toMatchObject({
        state: 'queued',
        seq: running.seq,
        used: 0,
        startedAt: null,
        slot: null,
        token: null,
      });
      expect(ledger).toEqual([]);
    },
  );

  it('fails the job after its third attempt, uncharged', () => {
    const { job, ledger } = loseJob({ ...running, attempts: 3 }, after(40), 'exit code 9', false);
    expect(job).toMatchObject({
      state: 'failed',
      reason: 'its runner was lost 3 times and no attempt is left: exit code 9',
      endedAt: after(40),
      used: 0,
    });
    expect(ledger).toEqual([]);
  });

  it('fails a job that is not repeatable after its only attempt', () => {
    const { job } = loseJob({ ...running, maxAttempts: 1 }, after(40), 'exit code 9', false);
    expect(job).toMatchObject({
      state: 'failed',
      reason: 'its runner was lost and its program must not run twice: exit code 9',
    });
  });

  it('fails a job whose program is found not to be repeatable, whatever its attempt', () => {
    for (const attempts of [1, 2]) {
      const last = allowNoAttemptAfter({ ...running, attempts });
      expect(loseJob(last, after(40), 'exit code 9', false).job).toMatchObject({ state: 'failed', attempts });
    }
  });

  it('fails the job if its session is closed, even with attempts left', () => {
    expect(loseJob(running, after(40), 'exit code 9', true).job).toMatchObject({
      state: 'failed',
      endCode: 'session_closed',
      used: 0,
    });
  });

  it('cancels a job that was asked to stop, which is charged like any cancelled job', () => {
    const { job } = loseJob({ ...running, stop: cancel }, after(40), 'exit code 9', false);
    expect(job).toMatchObject({ state: 'cancelled', reason: cancel.reason, used: seconds(40) });
  });
});

it('a queued job whose session closes fails with a code and the reason of the session', () => {
  expect(closedWithSession('max_ttl of 20 s expired')).toEqual({
    state: 'failed',
    endCode: 'session_closed',
    reason: expect.stringContaining('max_ttl of 20 s expired'),
  });
});

describe('max_execution_time', () => {
  it("is the backend's unless requested", () =>
    expect(checkJobLimit(undefined, seconds(300), undefined, seconds(20))).toBe(seconds(300)));
  it("is the plan's if that is less", () =>
    expect(checkJobLimit(undefined, seconds(300), seconds(100), undefined)).toBe(seconds(100)));
  it('may be less', () =>
    expect(checkJobLimit(seconds(5), seconds(300), undefined, undefined)).toBe(seconds(5)));
  it('may be exactly the limit', () =>
    expect(checkJobLimit(seconds(20), seconds(300), undefined, seconds(20))).toBe(seconds(20)));

  it.each([
    [101, 1000, 100, 'job_limit_exceeded', { most: seconds(100), whose: 'plan' }],
    [301, undefined, 400, 'job_limit_exceeded', { most: seconds(300), whose: 'backend' }],
    [301, 1000, undefined, 'job_limit_exceeded', { most: seconds(300), whose: 'backend' }],
    [21, 20, 100, 'job_limit_exceeded', { most: seconds(20), whose: 'session' }],
    [0, undefined, undefined, 'limit_too_short', { limit: 'maxExecutionTime' }],
  ])(
    'of %d s where session and plan have %s and %s s is refused as %s: %o',
    (requested, session, plan, code, params) => {
      const limit = (s: number | undefined) => (s === undefined ? undefined : seconds(s));
      const check = () => checkJobLimit(seconds(requested), seconds(300), limit(plan), limit(session));
      expect(refusalOf(check)).toEqual({ code, params: { value: seconds(requested), ...params } });
    },
  );
});

describe('one more pending job', () => {
  it.each([
    [0, 1],
    [2, 3],
    [0, 1000],
  ])('beside %i is allowed by a plan of %i', (queued, most) => {
    expect(() => checkPending(queued, most, 'lab-a')).not.toThrow();
  });

  it.each([
    [1, 1, '1 pending job'],
    [3, 3, '3 pending jobs'],
    [4, 3, '3 pending jobs'],
  ])('beside %i is refused by a plan of %i', (queued, most, words) => {
    expect(refusedWords(() => checkPending(queued, most, 'lab-a'))).toContain(
      `Instance lab-a has reached the limit of its plan of ${words}.`,
    );
  });
});
