import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { modes, SessionWalk, steps } from '../../../test/support/session-walk.js';
import { givenLimits } from '../../../test/support/given.js';
import { activeRemaining, elapsedTime, type SessionMode } from '../session/session.js';
import { chargedTime } from './usage.js';

/** Applies random events to a session and checks `law` after each of them. */
const always = (law: (walk: SessionWalk) => void, mode: fc.Arbitrary<SessionMode> = modes) =>
  fc.assert(
    fc.property(mode, steps, (mode, steps) => {
      const walk = new SessionWalk(mode);
      for (const step of steps) {
        walk.go(step);
        law(walk);
      }
    }),
    { numRuns: 300 },
  );
const sum = (numbers: number[]) => numbers.reduce((total, n) => total + n, 0);

describe('laws of usage', () => {
  it("the sum over the ledger equals the session's usage without what accrues now", () =>
    always(({ session, ledger }) => expect(sum(ledger.map(chargedTime))).toBe(session.used)));

  it('a dedicated session is charged for the time of its hold once, whatever jobs and lost attempts run in it', () =>
    always(({ session, now, committed }) => {
      expect(elapsedTime(session, now) ?? 0).toBe(committed);
    }, fc.constant('dedicated')));

  it('a batch is charged for the sum over its jobs, without lost attempts', () =>
    always((walk) => {
      const done = sum(walk.jobs.map(({ used }) => used));
      const live = sum(walk.in('running').map(({ startedAt }) => walk.now - (startedAt ?? walk.now)));
      expect(elapsedTime(walk.session, walk.now) ?? 0).toBe(done + live);
    }, fc.constant('batch')));

  it('a slot is held exactly while its session is active, or closed with a job that still runs', () =>
    always(({ session }) => {
      const { state, runningJobs, slot, heldSince } = session;
      const holds = session.mode === 'dedicated' && (state === 'active' || runningJobs > 0);
      expect([slot !== null, heldSince !== null]).toEqual([holds, holds]);
    }));

  it("no entry overlaps another of the same session's hold, and none is empty", () =>
    always(({ ledger }) => {
      ledger.forEach((entry, i) => {
        expect(chargedTime(entry)).toBeGreaterThan(0);
        const next = ledger[i + 1];
        if (next !== undefined && entry.kind === 'hold') expect(entry.to).toBeLessThanOrEqual(next.from);
      });
    }));
});

describe('laws of a session', () => {
  it('a fired deadline leaves no due deadline behind', () =>
    always(({ fired }) => {
      for (const { at, next } of fired) expect(next ?? Infinity).toBeGreaterThan(at);
    }));

  it('active_ttl runs down while a session is active with a job running, and never below zero', () =>
    always(({ session, now, busy }) => {
      expect(activeRemaining(session, now)).toBe(givenLimits.activeTtl - busy);
    }));

  it('its counters match its jobs, and its place in the queue is that of its first job', () =>
    always((walk) => {
      const queued = walk.in('queued');
      const { queuedJobs, runningJobs, headSeq } = walk.session;
      expect([queuedJobs, runningJobs]).toEqual([queued.length, walk.in('running').length]);
      expect(headSeq).toBe(queued[0]?.seq ?? null);
    }));

  it('it is idle exactly when open or active with nothing queued and nothing running', () =>
    always(({ session: { state, queuedJobs, runningJobs, idleSince } }) => {
      const idles = (state === 'open' || state === 'active') && queuedJobs + runningJobs === 0;
      expect(idleSince !== null).toBe(idles);
    }));

  it('only active and closed sessions have running jobs, and a closed one stays closed', () =>
    always(({ session: { state, runningJobs, timestamps, acceptingJobs } }) => {
      if (runningJobs > 0) expect(['active', 'closed']).toContain(state);
      const closings = timestamps.filter(({ status }) => status === 'closed').length;
      expect(closings).toBe(state === 'closed' ? 1 : 0);
      if (state === 'closed') expect([timestamps.at(-1)?.status, acceptingJobs]).toEqual(['closed', false]);
    }));

  it('a draining session closes as soon as it has no jobs left', () =>
    always(({ session: { state, acceptingJobs, queuedJobs, runningJobs } }) => {
      if (!acceptingJobs && queuedJobs + runningJobs === 0) expect(state).toBe('closed');
    }));
});
