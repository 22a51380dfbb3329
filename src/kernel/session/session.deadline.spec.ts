import { describe, expect, it } from '@jest/globals';
import { after, givenSession, type GivenSession } from '../../../test/support/given.js';
import { seconds } from '../time.js';
import { decideSession } from './session.decide.js';
import { deadlineOf, deadlineRank, sessionClocks, type SessionClock } from './session.deadline.js';

/** Each clock while it runs, and when it expires. Limits: 60 s interactive, 300 s active, 1000 s max, 100 s unused. */
const running: [string, SessionClock, GivenSession, number][] = [
  ['open since 0 s, unused', 'unused_ttl', { state: 'open' }, 100],
  ['open, last queued job cancelled at 30 s', 'unused_ttl', { state: 'open', idleSince: after(30) }, 130],
  ['active and idle since 0 s', 'interactive_ttl', { state: 'active' }, 60],
  ['active and idle since 20 s', 'interactive_ttl', { state: 'active', idleSince: after(20) }, 80],
  ['active with a job running since 0 s', 'active_ttl', { state: 'active', runningJobs: 1 }, 300],
  [
    'active with a job running since 500 s and 100 s already spent',
    'active_ttl',
    { state: 'active', runningJobs: 1, activeSince: after(500), activeSpent: seconds(100) },
    700,
  ],
  [
    'open with a queued job, last heard of at 20 s',
    'heartbeat_ttl',
    { state: 'open', queuedJobs: 1, limits: { heartbeatTtl: seconds(30) }, clientSeenAt: after(20) },
    50,
  ],
  [
    'busy, with a heartbeat of 30 s, last heard of at 0 s',
    'heartbeat_ttl',
    { state: 'active', runningJobs: 1, limits: { heartbeatTtl: seconds(30) }, clientSeenAt: after(0) },
    30,
  ],
  [
    'busy since 0 s, where busy counts as idle',
    'interactive_ttl',
    { state: 'active', runningJobs: 1, limits: { busyIsIdle: true }, idleSince: after(0) },
    60,
  ],
  ['inactive, started at 0 s', 'max_ttl', { state: 'inactive' }, 1000],
  ['inactive with a queued job', 'max_ttl', { state: 'inactive', queuedJobs: 1 }, 1000],
];

describe('the deadline of a session', () => {
  it.each(running)('%s: %s', (_, clock, given, due) => {
    expect(deadlineOf(givenSession(given))).toEqual({ kind: clock, at: after(due) });
  });

  it.each(running)('%s: %s does nothing one millisecond before it is due', (_, clock, given, due) => {
    const session = givenSession(given);
    expect(decideSession(session, { type: clock, at: after(due) - 1 }).session).toBe(session);
  });

  it.each(running)('%s: %s takes effect exactly when it is due', (_, clock, given, due) => {
    const { session } = decideSession(givenSession(given), { type: clock, at: after(due) });
    const state = clock === 'interactive_ttl' ? 'inactive' : 'closed';
    expect(session.timestamps.at(-1)).toEqual({ status: state, at: after(due) });
  });

  it.each(running)('%s: %s a second time does nothing', (_, clock, given, due) => {
    const { session } = decideSession(givenSession(given), { type: clock, at: after(due) });
    expect(decideSession(session, { type: clock, at: after(due) }).session).toBe(session);
  });

  it.each([
    ['closed', { state: 'closed' }],
    ['closed with a job that still runs', { state: 'closed', runningJobs: 1 }],
    ['open with a queued job: it may wait as long as the queue takes', { state: 'open', queuedJobs: 1 }],
  ] as [string, GivenSession][])('nothing falls due on a session that is %s', (_, given) => {
    expect(deadlineOf(givenSession(given))).toBeNull();
  });

  it('a session with a waiting job is not idle: only max_ttl runs while an active session waits', () => {
    expect(deadlineOf(givenSession({ state: 'active', queuedJobs: 1 }))?.kind).toBe('max_ttl');
  });

  it('max_ttl never pauses: it runs from the first start, in any state', () => {
    const startedAt = after(-990);
    for (const given of [
      { state: 'active' },
      { state: 'active', runningJobs: 1 },
      { state: 'inactive' },
    ] as const) {
      expect(deadlineOf(givenSession({ ...given, startedAt }))).toEqual({ kind: 'max_ttl', at: after(10) });
    }
  });

  it('names max_ttl before active_ttl and active_ttl before interactive_ttl when they are due together', () => {
    const together = { maxTtl: seconds(60), activeTtl: seconds(60), interactiveTtl: seconds(60) };
    const busy = givenSession({ state: 'active', runningJobs: 1, limits: together });
    expect(deadlineOf(busy)?.kind).toBe('max_ttl');
    const idle = givenSession({ state: 'active', limits: together });
    expect(deadlineOf(idle)?.kind).toBe('max_ttl');
    const later = givenSession({ ...busy, limits: { ...together, maxTtl: seconds(61) } });
    expect(deadlineOf(later)?.kind).toBe('active_ttl');
  });

  it('ranks equal due times: max_ttl, active_ttl, budget, job limit, job end, interactive_ttl, unused_ttl, then the others', () => {
    const ranked = Object.entries(deadlineRank).sort(([, a], [, b]) => a - b);
    expect(ranked.map(([kind]) => kind)).toEqual([
      'max_ttl',
      'active_ttl',
      'budget',
      'job_limit',
      'job_end',
      'interactive_ttl',
      'unused_ttl',
      'kill',
      'heartbeat_ttl',
    ]);
    expect([...sessionClocks]).toEqual(ranked.map(([kind]) => kind).filter((kind) => kind.endsWith('_ttl')));
  });
});
