import { describe, expect, it } from '@jest/globals';
import { after, givenLimits, givenSession, t0 } from '../../../test/support/given.js';
import { seconds } from '../time.js';
import { decideSession, pauseHold, resumeHold, type SessionEvent } from './session.decide.js';
import type { CloseCode, Session } from './session.js';
import { activeRemaining, elapsedTime } from './session.js';

const decide = (session: Session, ...events: SessionEvent[]): Session =>
  events.reduce((before, event) => decideSession(before, event).session, session);

const submitted = (s: number, seq = 1): SessionEvent => ({ type: 'jobSubmitted', at: after(s), seq });
const started = (s: number, slot = 0) => ({
  type: 'jobStarted' as const,
  at: after(s),
  slot,
  headSeq: null,
  activation: s,
});
const ended = (s: number, from: number): SessionEvent => {
  return { type: 'jobEnded', at: after(s), startedAt: after(from), charged: seconds(s - from) };
};
const close = {
  ...{ type: 'close', at: after(9), code: 'closed_by_user', reason: 'closed by user alice' },
} as const satisfies SessionEvent;

describe('a session', () => {
  it('stores its first start, its latest activation and every state entered', () => {
    const session = decide(
      givenSession(),
      submitted(5),
      started(10),
      ended(15, 10),
      { type: 'interactive_ttl', at: after(75) },
      submitted(100),
      started(110),
    );
    expect(session).toMatchObject({
      state: 'active',
      startedAt: after(10),
      activatedAt: after(110),
      activation: 110,
      lastJobStarted: after(110),
      lastJobCompleted: after(15),
    });
    expect(session.timestamps).toEqual([
      { status: 'open', at: t0 },
      { status: 'active', at: after(10) },
      { status: 'inactive', at: after(75) },
      { status: 'active', at: after(110) },
    ]);
  });

  const reasons: [SessionEvent, Partial<Session>, string, CloseCode | null][] = [
    [
      { type: 'close', at: after(9), code: 'closed_by_admin', reason: 'closed by admin root: maintenance' },
      {},
      'closed by admin root: maintenance',
      'closed_by_admin',
    ],
    [{ type: 'unused_ttl', at: after(100) }, {}, 'unused for 100 s (unused_ttl expired)', 'unused_ttl'],
    [{ type: 'max_ttl', at: after(1000) }, { state: 'inactive' }, 'max_ttl of 1000 s expired', 'max_ttl'],
    [
      { type: 'active_ttl', at: after(300) },
      { state: 'active', runningJobs: 1 },
      'active_ttl of 300 s expired',
      'active_ttl',
    ],
    [
      { type: 'interactive_ttl', at: after(60) },
      { state: 'active' },
      'interactive_ttl of 60 s expired',
      null,
    ],
    [
      { type: 'interactive_ttl', at: after(60) },
      { state: 'active', limits: { ...givenLimits, onIdle: 'close' } },
      'interactive_ttl of 60 s expired',
      'interactive_ttl',
    ],
    [
      { type: 'heartbeat_ttl', at: after(10) },
      { limits: { ...givenLimits, heartbeatTtl: seconds(10) }, clientSeenAt: t0 },
      'its client was silent for 10 s (heartbeat_ttl expired)',
      'heartbeat_ttl',
    ],
    [{ type: 'drain', at: after(9) }, {}, 'drained: it accepts no jobs and has none left', 'drained'],
  ];
  it.each(reasons)(
    'after %o has a reason, and a code if it closed',
    (event, given, stateReason, closeCode) => {
      expect(decide(givenSession(given), event)).toMatchObject({ stateReason, closeCode });
    },
  );

  it('keeps its reason and closing time when it is closed or drained again', () => {
    const closed = decide(givenSession(), close);
    const again = decide(
      closed,
      { ...close, at: after(20), reason: 'by bob' },
      { type: 'drain', at: after(21) },
    );
    expect(again).toEqual(closed);
  });

  it('has nothing queued once it is closed, and its queued jobs fail', () => {
    const { session, failsQueuedJobs } = decideSession(givenSession({ queuedJobs: 2 }), close);
    expect(session).toMatchObject({ queuedJobs: 0, headSeq: null, acceptingJobs: false });
    expect(failsQueuedJobs).toBe(true);
  });

  it.each([
    ['with nothing queued closes', givenSession(), close],
    [
      'whose last queued job was cancelled is drained',
      givenSession({ queuedJobs: 1, acceptingJobs: false }),
      { type: 'jobWithdrawn', at: after(9), headSeq: null },
    ],
  ] as [string, Session, SessionEvent][])('fails no job when one %s', (_, session, event) => {
    const decision = decideSession(session, event);
    expect([decision.session.state, decision.failsQueuedJobs]).toEqual(['closed', false]);
  });

  it.each([
    ['closed', { state: 'closed' as const }, 'session_closed'],
    ['draining', { acceptingJobs: false }, 'session_not_accepting'],
  ])('that is %s refuses a job with its own code', (_, given, code) => {
    expect(() => decide(givenSession(given), submitted(1))).toThrow(expect.objectContaining({ code }));
  });

  it('accepts jobs again after a resume, but never once closed', () => {
    const session = decide(
      givenSession({ queuedJobs: 1 }),
      { type: 'drain', at: t0 },
      { type: 'resume', at: t0 },
    );
    expect(decide(session, submitted(1, 8)).queuedJobs).toBe(2);
    expect(() => decide(decide(session, close), { type: 'resume', at: after(10) })).toThrow(
      expect.objectContaining({ code: 'session_closed' }),
    );
  });

  it('has the place of its first job in the queue', () => {
    const first = decide(givenSession(), submitted(1, 4), submitted(2, 9));
    expect(first.headSeq).toBe(4);
    expect(decide(first, { type: 'jobWithdrawn', at: after(3), headSeq: 9 }).headSeq).toBe(9);
    expect(decide(first, { ...started(3), headSeq: 9 }).headSeq).toBe(9);
  });

  it('keeps its activation number while it stays active', () => {
    const active = decide(givenSession(), submitted(1), submitted(2), started(3));
    expect(decide(active, { ...started(4), activation: null })).toMatchObject({ activation: 3 });
  });

  it('restarts its idle clock each time it runs out of work', () => {
    const idle = decide(givenSession(), submitted(0), started(0), ended(5, 0));
    expect(idle.idleSince).toBe(after(5));
    expect(decide(idle, submitted(20)).idleSince).toBeNull();
    const again = decide(idle, submitted(20), { type: 'jobWithdrawn', at: after(30), headSeq: null });
    expect(again.idleSince).toBe(after(30));
  });

  it('restarts its unused clock when its last queued job is cancelled', () => {
    const session = decide(givenSession(), submitted(50), {
      type: 'jobWithdrawn',
      at: after(70),
      headSeq: null,
    });
    expect(session.idleSince).toBe(after(70));
  });
});

describe('the active clock', () => {
  it('runs down while jobs run, at one speed however many, and stops otherwise', () => {
    const busy = decide(givenSession(), submitted(0), submitted(0), started(0), started(4));
    const idle = decide(busy, ended(10, 0), ended(12, 4));
    expect(activeRemaining(busy, after(10))).toBe(seconds(290));
    expect(activeRemaining(idle, after(50))).toBe(seconds(288));
  });

  it('stops while a lost job waits to run again', () => {
    const lost = decide(givenSession(), submitted(0), started(0), {
      type: 'jobRequeued',
      at: after(10),
      startedAt: t0,
      headSeq: 1,
    });
    expect(activeRemaining(lost, after(50))).toBe(seconds(290));
  });

  it('is zero, not negative, after it closed the session while a job still runs', () => {
    const session = decide(givenSession({ state: 'active', runningJobs: 1 }), {
      type: 'active_ttl',
      at: after(300),
    });
    expect(activeRemaining(session, after(400))).toBe(0);
  });
});

describe('the slot of a dedicated session', () => {
  it('is charged from the activating start until it goes inactive, idle time included', () => {
    const idle = decide(givenSession(), submitted(5), started(10, 3), ended(15, 10));
    const { session, ledger } = decideSession(idle, { type: 'interactive_ttl', at: after(75) });
    expect(ledger).toEqual([
      expect.objectContaining({ kind: 'hold', slot: 3, job: null, from: after(10), to: after(75) }),
    ]);
    expect(session).toMatchObject({ slot: null, heldSince: null, used: seconds(65) });
  });

  it('counts parallel jobs once', () => {
    const busy = decide(givenSession(), submitted(0), submitted(0), started(0), started(0));
    expect(elapsedTime(busy, after(10))).toBe(seconds(10));
  });

  it('stays held and charged after a close until the last running job ends', () => {
    const closed = decide(
      givenSession(),
      submitted(0),
      submitted(0),
      started(0),
      started(0),
      close,
      ended(20, 0),
    );
    expect(closed).toMatchObject({ state: 'closed', slot: 0, used: 0 });
    const { session, ledger } = decideSession(closed, ended(30, 0));
    expect(ledger).toHaveLength(1);
    expect(session).toMatchObject({ state: 'closed', slot: null, used: seconds(30) });
  });

  it('is released at once when a session closes with no running job', () => {
    expect(decide(givenSession({ state: 'active' }), close)).toMatchObject({ slot: null, used: seconds(9) });
  });

  it('stays held and charged while a lost job waits to run again', () => {
    const lost = decide(givenSession(), submitted(0), started(0), {
      type: 'jobRequeued',
      at: after(10),
      startedAt: t0,
      headSeq: 1,
    });
    expect(lost.slot).toBe(0);
    expect(elapsedTime(lost, after(15))).toBe(seconds(15));
  });

  it('is kept but not charged while the service is down', () => {
    const held = givenSession({ state: 'active', queuedJobs: 1 });
    const { session: down, ledger } = pauseHold(held, after(10));
    expect(ledger).toHaveLength(1);
    expect(down.slot).toBe(0);
    expect(elapsedTime(down, after(500))).toBe(seconds(10));
    expect(elapsedTime(resumeHold(down, after(500)), after(520))).toBe(seconds(30));
  });

  it('is not charged for a deadline that passed while the service was down', () => {
    const down = pauseHold(givenSession({ state: 'active', queuedJobs: 1 }), after(10)).session;
    const { session, ledger } = decideSession(down, { type: 'max_ttl', at: after(1000) });
    expect(session).toMatchObject({ state: 'closed', slot: null, used: seconds(10) });
    expect(ledger).toEqual([]);
  });
});

describe('the usage of a batch', () => {
  it('is the sum over its jobs: two parallel jobs of 10 s are 20 s, live and afterwards', () => {
    const busy = decide(givenSession({ mode: 'batch' }), submitted(0), submitted(0), started(0), started(0));
    expect(elapsedTime(busy, after(5))).toBe(seconds(10));
    expect(elapsedTime(decide(busy, ended(10, 0), ended(10, 0)), after(50))).toBe(seconds(20));
  });

  it('does not count a lost attempt', () => {
    const lost = decide(givenSession({ mode: 'batch' }), submitted(0), started(0), {
      type: 'jobRequeued',
      at: after(10),
      startedAt: t0,
      headSeq: 1,
    });
    expect(elapsedTime(lost, after(20))).toBe(0);
  });

  it('is null, not zero, before the first job has started', () => {
    expect(elapsedTime(givenSession({ mode: 'batch', queuedJobs: 1 }), after(10))).toBeNull();
  });
});

describe('a heartbeat', () => {
  const quiet = { limits: { heartbeatTtl: seconds(30) }, heardAt: t0 };

  it('moves the heartbeat deadline, and only to later', () => {
    const seen = decide(givenSession({ state: 'active', ...quiet }), { type: 'clientSeen', at: after(20) });
    expect(seen.clientSeenAt).toBe(after(20));
    expect(decide(seen, { type: 'clientSeen', at: after(10) }).clientSeenAt).toBe(after(20));
  });

  it('changes nothing without a heartbeat_ttl', () => {
    const session = givenSession({ state: 'active' });
    expect(decide(session, { type: 'clientSeen', at: after(20) }).clientSeenAt).toBeNull();
  });

  it('does not count as use: the idle clock keeps running', () => {
    const session = givenSession({ state: 'active', idleSince: after(5), ...quiet });
    expect(decide(session, { type: 'clientSeen', at: after(20) }).idleSince).toBe(after(5));
  });
});

describe('the idle clock', () => {
  it('restarts when the session is used otherwise than by a job', () => {
    const session = givenSession({ state: 'active', idleSince: after(5) });
    expect(decide(session, { type: 'used', at: after(20) }).idleSince).toBe(after(20));
    expect(
      decide(givenSession({ state: 'active', runningJobs: 1 }), { type: 'used', at: after(20) }),
    ).toMatchObject({
      idleSince: null,
    });
  });

  it('runs from the latest submit, use or end if busy counts as idle', () => {
    const session = givenSession({ limits: { busyIsIdle: true, onIdle: 'close' }, state: 'open' });
    const busy = decide(session, submitted(0), started(10));
    expect(busy.idleSince).toBe(after(10));
    expect(decide(busy, submitted(30)).idleSince).toBe(after(30));
    expect(decide(busy, submitted(30), ended(40, 10)).idleSince).toBe(after(40));
    expect(decide(busy, { type: 'interactive_ttl', at: after(70) })).toMatchObject({
      state: 'closed',
      runningJobs: 1,
    });
  });

  it('does not run while such a session still waits to start', () => {
    const session = givenSession({ limits: { busyIsIdle: true }, state: 'open' });
    expect(decide(session, submitted(0)).idleSince).toBeNull();
  });
});
