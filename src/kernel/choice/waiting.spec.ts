import { describe, expect, it } from '@jest/globals';
import { after, t0 } from '../../../test/support/given.js';
import { seconds } from '../time.js';
import { isTied, placeInQueue, type Holder, type WaitingView } from './waiting.js';

type Waiting = WaitingView['instances'][number];
const instance = (id: string, queued: number, more: Partial<Waiting> = {}): Waiting => ({
  ...{ id, name: id, queued, charged: 0, shares: 1, blocked: false, earlier: 0 },
  ...more,
});
const holder = (id: string, more: Partial<Holder> = {}): Holder => ({
  ...{ id, queued: 0, slot: 0, isClosed: false, until: null, runsUntil: null },
  ...more,
});
/** The view of a lone job of lab-a that is the only one waiting. */
const given = (more: Partial<WaitingView> = {}): WaitingView => ({
  at: t0,
  backend: { status: 'online', statusReason: null, slots: 1 },
  job: { session: null, instance: 'lab-a', needsSlot: false },
  ...{ aheadInSession: 0, aheadInInstance: 0, holders: [], reserved: [], batches: [] },
  instances: [instance('lab-a', 1)],
  ...more,
});
const own = (session: string) => ({ session, instance: 'lab-a', needsSlot: true });
const place = (more: Partial<WaitingView>) => Object.values(placeInQueue(given(more)));

describe('the place of a lone job', () => {
  it('is 1 with all lanes busy if no other job waits', () => {
    expect(place({})).toEqual([1, 'all lanes are busy']);
    expect(place({ job: { ...own('s1'), session: null } })).toEqual([1, 'waits for an empty slot']);
  });

  it('is behind earlier jobs of its own instance', () => {
    expect(place({ aheadInInstance: 3, instances: [instance('lab-a', 4)] })).toEqual([
      4,
      '3 jobs of its own instance go first',
    ]);
  });

  it('is behind all jobs of an instance with less charged time per share', () => {
    const instances = [
      instance('lab-a', 1, { charged: 30, shares: 2 }),
      instance('lab-b', 2, { charged: 14 }),
      instance('lab-c', 4, { charged: 16 }),
    ];
    expect(place({ instances })).toEqual([3, '2 jobs of instance lab-b go first (fair share)']);
  });

  it('counts the instances if several go first', () => {
    const instances = [
      instance('lab-a', 1, { charged: 30 }),
      ...['lab-b', 'lab-c'].map((id) => instance(id, 1)),
    ];
    expect(place({ instances })).toEqual([3, '2 jobs of 2 other instances go first (fair share)']);
  });

  it('is behind earlier submissions of instances that tie with its own', () => {
    const instances = [instance('lab-a', 1), instance('lab-b', 9, { earlier: 1 })];
    expect(place({ instances })).toEqual([
      2,
      '1 job of instance lab-b goes first (the same share used, submitted earlier)',
    ]);
  });

  it('is behind active batches and sessions that hold or reserve a slot', () => {
    const view = { holders: [holder('s1', { queued: 2 })], reserved: [{ id: 's2', queued: 3 }] };
    expect(
      place({ ...view, batches: [{ id: 's3', queued: 4 }], backend: { ...given().backend, slots: 2 } }),
    ).toEqual([10, '4 jobs of active batches go first']);
  });

  it('is last while its budget is used up, even behind instances with more charged time', () => {
    const instances = [instance('lab-a', 1, { blocked: true }), instance('lab-b', 2, { charged: 1000 })];
    expect(place({ instances })).toEqual([3, 'the budget of instance lab-a is used up']);
  });

  it('is before instances whose budget is used up', () => {
    const instances = [instance('lab-a', 1, { charged: 1000 }), instance('lab-b', 2, { blocked: true })];
    expect(place({ instances })).toEqual([1, 'all lanes are busy']);
  });
});

describe('the place of a job in a session', () => {
  it('is behind jobs of sessions that hold lower slots, and behind earlier jobs of its session', () => {
    const holders = [holder('s1', { queued: 5 }), holder('s2', { slot: 1, queued: 3 })];
    const view = { holders, job: own('s2'), backend: { ...given().backend, slots: 2 } };
    expect(place({ ...view, aheadInSession: 2 })).toEqual([8, '2 jobs of its session go first']);
    expect(place(view)).toEqual([6, "all lanes of its session's slot are busy"]);
  });

  it('waits for the reserved slot', () => {
    const view = { holders: [holder('s1', { queued: 5 })], backend: { ...given().backend, slots: 2 } };
    expect(
      place({ ...view, job: own('s3'), reserved: ['s2', 's3'].map((id) => ({ id, queued: 2 })) }),
    ).toEqual([8, 'a slot is reserved for its session and is running empty']);
  });

  it('is behind batches that became active earlier', () => {
    const batches = ['s1', 's2'].map((id) => ({ id, queued: 2 }));
    const job = { ...own('s2'), needsSlot: false };
    expect(place({ batches, job })).toEqual([3, '2 jobs of batches that became active earlier go first']);
    expect(place({ batches, job: { ...job, session: 's1' }, aheadInSession: 1 })).toEqual([
      2,
      '1 job of its session goes first',
    ]);
  });
});

describe('the reason why all jobs wait', () => {
  it("is the backend's status, with its reason", () => {
    const backend = { status: 'paused', statusReason: 'calibration', slots: 1 } as const;
    expect(place({ backend })).toEqual([1, 'backend paused: calibration']);
    expect(place({ backend: { ...backend, statusReason: null } })).toEqual([1, 'backend paused']);
  });

  it('is the held slots, with the time at which the first hold must end', () => {
    const holders = [
      holder('s1', { until: after(7200) }),
      holder('s2', { slot: 1, until: after(90), runsUntil: after(100) }),
    ];
    expect(place({ holders, backend: { ...given().backend, slots: 2 } })).toEqual([
      1,
      'held by a dedicated session until 08:01:30 UTC at the latest, unless a job of it runs longer',
    ]);
    expect(
      place({ holders: [holder('s1', { isClosed: true, runsUntil: after(seconds(1) / 1000) })] }),
    ).toEqual([
      1,
      'held by a dedicated session that is closed, for its running jobs, until 08:00:01 UTC at the latest',
    ]);
    expect(place({ holders: [holder('s1', { until: after(3 * 24 * 3600) })] })).toEqual([
      1,
      'held by a dedicated session until 08:00:00 UTC in 3 days at the latest',
    ]);
  });

  it('ignores the hold of a slot that an operator removed', () => {
    const holders = [holder('s1', { slot: 1, queued: 1 })];
    expect(place({ holders })).toEqual([2, 'all lanes are busy']);
  });
});

it('a tie is symmetric', () => {
  expect(isTied(instance('lab-a', 1, { charged: 2, shares: 2 }), instance('lab-b', 1, { charged: 1 }))).toBe(
    true,
  );
  expect(isTied(instance('lab-a', 1), instance('lab-b', 1, { charged: 1 }))).toBe(false);
  expect(isTied(instance('lab-a', 1, { charged: 1 }), instance('lab-b', 1))).toBe(false);
});
