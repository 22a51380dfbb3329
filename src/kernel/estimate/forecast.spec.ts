import { describe, expect, it } from '@jest/globals';
import { after, givenSession, t0, type GivenSession } from '../../../test/support/given.js';
import { seconds, type Millis } from '../time.js';
import { seeded } from './chance.js';
import { forecast, type Wait } from './forecast.js';
import type {
  ForecastInstance,
  ForecastJob,
  ForecastSession,
  ForecastView,
  RunningView,
} from './forecast.view.js';

/** A scripted job of this many seconds; `null`: its duration is unknown. */
const job = (id: string, duration: number | null, more: Partial<ForecastJob> = {}): ForecastJob => ({
  ...{ id, seq: Number(/\d+$/.exec(id)?.[0] ?? 0), instance: 'lab-a', program: 'sampler' },
  ...{ duration: duration === null ? null : seconds(duration), maxExecutionTime: seconds(3600) },
  ...more,
});
const running = (id: string, duration: number | null, more: Partial<RunningView> = {}): RunningView => ({
  ...job(id, duration),
  ...{ session: null, charged: true, slot: 0, startedAt: t0, stopAt: null },
  ...more,
});
const session = ({
  queue = [],
  ...overrides
}: GivenSession & { queue?: ForecastJob[] }): ForecastSession => ({
  ...givenSession({ queuedJobs: queue.length, ...overrides }),
  ...{ queue, more: false },
});
const instance = (
  waiting: ForecastInstance['waiting'],
  more: Partial<ForecastInstance> = {},
): ForecastInstance => ({
  ...{ id: 'lab-a', shares: 1, charged: 0, rate: 0, budget: null, more: false },
  ...{ waiting, ...more },
});

/** A backend with one slot of one lane, unless overridden. */
function given(overrides: Partial<ForecastView> & { lanes?: number } = {}): ForecastView {
  const { lanes = 1, running: jobs = [], ...more } = overrides;
  const slots = [{ index: 0, running: jobs.length, holder: null, reservedFor: null }];
  return {
    at: t0,
    backend: { name: 'b1', status: 'online', lanes },
    ...{ slots, running: jobs, sessions: [], batches: [], instances: [], hiddenFrom: null, recent: [] },
    ...more,
  };
}

function foretold(view: ForecastView, requester: string | null = null) {
  const runs = forecast(view, seeded(1), requester);
  for (;;) {
    const { done, value } = runs.next();
    if (done === true) return value;
  }
}
const inSeconds = ({ p50, p90 }: Wait) => [p50, p90].map((wait) => (wait === null ? null : wait / 1000));
/** The start of each job in seconds, if no duration is random. */
const startOf = (view: ForecastView, id: string): number | null => {
  const [p50, p90] = inSeconds(foretold(view).waitOf(id, 1, t0));
  expect(p90).toBe(p50);
  return p50 ?? null;
};

describe('a forecast', () => {
  it('starts each job when the one before ends', () => {
    const view = given({ running: [running('r1', 5)], instances: [instance([job('j2', 7), job('j3', 1)])] });
    expect([startOf(view, 'j2'), startOf(view, 'j3')]).toEqual([5, 12]);
  });

  it('ends a job at its limit, whatever its script says', () => {
    const view = given({
      running: [running('r1', 50, { maxExecutionTime: seconds(8) })],
      instances: [instance([job('j2', 100, { maxExecutionTime: seconds(4) }), job('j3', 1)])],
    });
    expect([startOf(view, 'j2'), startOf(view, 'j3')]).toEqual([8, 12]);
  });

  it('subtracts the time for which a job has already run', () => {
    const view = given({
      running: [running('r1', 30, { startedAt: after(-20) })],
      instances: [instance([job('j2', 1)])],
    });
    expect(startOf(view, 'j2')).toBe(10);
  });

  it('puts the instance with the least charged time per share first, with what accrues', () => {
    const view = given({
      running: [running('r1', 20)],
      instances: [
        // By the time the lane is free: 0 charged now, plus 20 s of r1 and 20 s elsewhere.
        instance([job('j2', 5)], { rate: 2 }),
        instance([job('j3', 5, { instance: 'lab-b' })], { id: 'lab-b', charged: seconds(60), shares: 2 }),
      ],
    });
    expect([startOf(view, 'j3'), startOf(view, 'j2')]).toEqual([20, 25]);
  });

  it('charges an instance for jobs that start during the forecast', () => {
    const view = given({
      running: [running('r0', 1, { instance: 'lab-c' })],
      instances: [
        instance([job('j1', 10), job('j2', 10)]),
        instance([job('j3', 10, { instance: 'lab-b' })], { id: 'lab-b', charged: seconds(5) }),
      ],
    });
    expect(['j1', 'j3', 'j2'].map((id) => startOf(view, id))).toEqual([1, 11, 21]);
  });

  it('orders tied instances by submission', () => {
    const view = given({
      running: [running('r1', 5, { instance: 'lab-c' })],
      instances: [instance([job('j3', 5)]), instance([job('j2', 5, { instance: 'lab-b' })], { id: 'lab-b' })],
    });
    expect([startOf(view, 'j2'), startOf(view, 'j3')]).toEqual([5, 10]);
  });
});

describe('a session in a forecast', () => {
  const held = [{ index: 0, running: 0, holder: 's1', reservedFor: null }];
  const other = (id: string) => instance([job(id, 1, { instance: 'lab-b' })], { id: 'lab-b' });

  it('keeps its slot while it idles for interactive_ttl', () => {
    const s1 = session({ state: 'active', limits: { interactiveTtl: seconds(60) }, idleSince: after(-10) });
    expect(startOf(given({ slots: held, sessions: [s1], instances: [other('j1')] }), 'j1')).toBe(50);
  });

  it('starts to idle when its last job has ended', () => {
    const s1 = session({
      ...{ state: 'active', runningJobs: 1, idleSince: null },
      ...{ limits: { interactiveTtl: seconds(60) }, queue: [job('j1', 10)] },
    });
    const view = given({
      slots: [{ index: 0, running: 1, holder: 's1', reservedFor: null }],
      running: [running('r0', 5, { session: 's1', charged: false })],
      ...{ sessions: [s1], instances: [other('j2')] },
    });
    expect([startOf(view, 'j1'), startOf(view, 'j2')]).toEqual([5, 75]);
  });

  it('idles from the latest end if busy counts as idle, and may close during a job', () => {
    const s1 = session({
      ...{ state: 'active', runningJobs: 1, idleSince: after(-50) },
      limits: { interactiveTtl: seconds(60), busyIsIdle: true, onIdle: 'close' },
      queue: [job('j1', 5)],
    });
    const view = given({
      slots: [{ index: 0, running: 1, holder: 's1', reservedFor: null }],
      running: [running('r0', 20, { session: 's1', charged: false })],
      ...{ sessions: [s1], instances: [other('j2')] },
    });
    // It closes at 10 s; its running job ends at 20 s, and until then it keeps the slot.
    expect([startOf(view, 'j1'), startOf(view, 'j2')]).toEqual([null, 20]);
  });

  it('restarts its idle clock at each end if busy counts as idle', () => {
    const s1 = session({
      ...{ state: 'active', runningJobs: 1, idleSince: after(-10) },
      limits: { interactiveTtl: seconds(60), busyIsIdle: true, onIdle: 'close' },
      queue: [job('j1', 52), job('j2', 1)],
    });
    const view = given({
      slots: [{ index: 0, running: 1, holder: 's1', reservedFor: null }],
      running: [running('r0', 5, { session: 's1', charged: false })],
      sessions: [s1],
    });
    // It would have closed at 50 s; with the end at 5 s it lives until 65 s.
    expect([startOf(view, 'j1'), startOf(view, 'j2')]).toEqual([5, 57]);
  });

  it('uses up its active time while a job runs, and then closes', () => {
    const s1 = session({
      ...{
        state: 'active',
        runningJobs: 1,
        idleSince: null,
        activeSince: after(-10),
        activeSpent: seconds(5),
      },
      ...{ limits: { activeTtl: seconds(40) }, queue: [job('j1', 15), job('j2', 1)] },
    });
    const view = given({
      slots: [{ index: 0, running: 1, holder: 's1', reservedFor: null }],
      running: [running('r0', 20, { session: 's1', charged: false })],
      ...{ sessions: [s1], instances: [other('j3')] },
    });
    // The active time is 15 s at first, 35 s at 20 s and 40 s at 25 s: j1 has started by then, j2 never starts.
    expect([startOf(view, 'j1'), startOf(view, 'j2'), startOf(view, 'j3')]).toEqual([20, null, 35]);
  });

  it('uses no active time while none of its jobs runs', () => {
    const s1 = session({
      ...{ state: 'active', idleSince: null, activeSince: null, activeSpent: seconds(30) },
      ...{ limits: { activeTtl: seconds(40) }, mode: 'batch', queue: [job('j5', 20), job('j6', 1)] },
    });
    const view = given({
      running: [running('r0', 100, { instance: 'lab-b' })],
      ...{ sessions: [s1], batches: ['s1'] },
    });
    // j5 starts at 100 s, and its 10 s are used up at 110 s.
    expect([startOf(view, 'j5'), startOf(view, 'j6')]).toEqual([100, null]);
  });

  it('closes at its max_ttl, counted from its first job', () => {
    const s1 = session({
      ...{ state: 'active', runningJobs: 1, idleSince: null, startedAt: after(-90) },
      ...{ limits: { maxTtl: seconds(100) }, queue: [job('j1', 1)] },
    });
    const view = given({
      slots: [{ index: 0, running: 1, holder: 's1', reservedFor: null }],
      running: [running('r0', 30, { session: 's1', charged: false })],
      ...{ sessions: [s1], instances: [other('j2')] },
    });
    expect([startOf(view, 'j1'), startOf(view, 'j2')]).toEqual([null, 30]);
  });

  it('gives up its slot after its last job if it drains', () => {
    const s1 = session({
      ...{ state: 'active', acceptingJobs: false, runningJobs: 1, idleSince: null },
      queue: [job('j1', 4)],
    });
    const view = given({
      slots: [{ index: 0, running: 1, holder: 's1', reservedFor: null }],
      running: [running('r0', 6, { session: 's1', charged: false })],
      ...{ sessions: [s1], instances: [other('j2')] },
    });
    expect([startOf(view, 'j1'), startOf(view, 'j2')]).toEqual([6, 10]);
  });

  it('gets its reserved slot once that is empty, before all others', () => {
    const s1 = session({ id: 's1', queue: [job('j9', 5)] });
    const view = given({
      slots: [{ index: 0, running: 1, holder: null, reservedFor: 's1' }],
      ...{ lanes: 2, running: [running('r0', 8)], sessions: [s1] },
      instances: [instance([job('j1', 1), { session: 's1', seq: 9 }])],
    });
    // j1 was submitted first and a lane is free, but the slot is reserved; s1 then idles for a minute.
    expect([startOf(view, 'j9'), startOf(view, 'j1')]).toEqual([8, 73]);
  });

  it('reserves the slot that has a free lane, and later submissions do not overtake it', () => {
    const s1 = session({ id: 's1', instance: 'lab-b', queue: [job('j1', 5, { instance: 'lab-b' })] });
    const view = given({
      ...{ lanes: 2, running: [running('r0', 8)], sessions: [s1] },
      instances: [
        instance([job('j2', 1)], { charged: seconds(10), rate: 1 }),
        instance([{ session: 's1', seq: 1 }], { id: 'lab-b' }),
      ],
    });
    expect([startOf(view, 'j1'), startOf(view, 'j2')]).toEqual([8, 73]);
  });

  it('keeps its reservation, even if another instance has less charged time by then', () => {
    const s1 = session({ id: 's1', instance: 'lab-b', queue: [job('j1', 5, { instance: 'lab-b' })] });
    const view = given({
      ...{ lanes: 3, running: [running('r0', 8), running('r1', 3)], sessions: [s1] },
      instances: [
        instance([job('j2', 1)], { charged: seconds(10) }),
        instance([{ session: 's1', seq: 1 }], { id: 'lab-b', rate: 5 }),
      ],
    });
    // At 3 s lab-b has been charged 15 s and lab-a 10 s, and a lane is free.
    expect([startOf(view, 'j1'), startOf(view, 'j2')]).toEqual([8, 73]);
  });

  it('goes before the general queue as an active batch, oldest activation first', () => {
    const batch = (id: string, queue: ForecastJob[]) =>
      session({ id, mode: 'batch', state: 'active', idleSince: null, queue });
    const view = given({
      running: [running('r0', 5)],
      sessions: [batch('s1', [job('j7', 2)]), batch('s2', [job('j6', 3)])],
      ...{ batches: ['s2', 's1'], instances: [other('j1')] },
    });
    expect(['j6', 'j7', 'j1'].map((id) => startOf(view, id))).toEqual([5, 8, 10]);
  });
});

describe('a budget in a forecast', () => {
  it('closes the sessions of its instance once used up, and its lone jobs keep waiting', () => {
    const s1 = session({
      ...{ state: 'active', runningJobs: 1, idleSince: null },
      queue: [job('j1', 1)],
    });
    const view = given({
      slots: [{ index: 0, running: 1, holder: 's1', reservedFor: null }],
      running: [running('r0', 20, { session: 's1', charged: false })],
      sessions: [s1],
      instances: [
        instance([job('j2', 1)], { budget: seconds(15), charged: seconds(5), rate: 1 }),
        instance([job('j3', 1, { instance: 'lab-b' })], { id: 'lab-b', charged: seconds(1000) }),
      ],
    });
    expect([startOf(view, 'j1'), startOf(view, 'j2'), startOf(view, 'j3')]).toEqual([null, null, 20]);
  });

  it('changes nothing if not used up', () => {
    const view = given({
      running: [running('r0', 20)],
      instances: [instance([job('j2', 1)], { budget: seconds(25), charged: seconds(4), rate: 1 })],
    });
    expect(startOf(view, 'j2')).toBe(20);
  });
});

describe('the next job of an instance', () => {
  it('comes after all queued jobs of the instance', () => {
    const view = given({
      running: [running('r0', 10)],
      instances: [
        instance([job('j1', 5)], { charged: seconds(1) }),
        instance([job('j2', 7, { instance: 'lab-b' })], { id: 'lab-b' }),
      ],
    });
    // lab-b at 10 s, then lab-a at 17 s with 1 s charged before; its next job has 6 s charged by then.
    expect(inSeconds(foretold(view, 'lab-a').waitOfNext(2, t0))).toEqual([22, 22]);
  });

  it('is extrapolated from the pace of a queue that is too long to be played', () => {
    const many = Array.from({ length: 1000 }, (_, i) => job(`j${i + 1}`, 2));
    const view = given({ running: [running('r0', 2)], instances: [instance(many, { more: true })] });
    const [wait] = inSeconds(foretold(view).waitOf('unknown', 3000, t0));
    expect(wait).toBeGreaterThan(5900);
    expect(wait).toBeLessThan(6100);
  });
});

describe('random durations in a forecast', () => {
  const recent = (durations: readonly number[], of = 'lab-a') =>
    durations.map((s) => ({ program: 'sampler', instance: of, duration: seconds(s) }));
  const unknown = (known: ForecastView['recent']) =>
    given({
      running: [running('r0', null)],
      ...{ instances: [instance([job('j1', null)])], recent: known },
    });

  it('are drawn from finished jobs of the same program', () => {
    const [p50 = 0, p90 = 0] = inSeconds(foretold(unknown(recent([40, 40, 40, 40, 90]))).waitOf('j1', 1, t0));
    expect([p50, p90]).toEqual([40, 90]);
  });

  it('are drawn from the own instance once it has enough finished jobs', () => {
    const others = recent(
      Array.from({ length: 50 }, () => 500),
      'lab-b',
    );
    const wait = (own: number[]) => foretold(unknown([...others, ...recent(own)])).waitOf('j1', 1, t0).p50;
    expect(wait([10, 10, 10, 10])).toBe(seconds(500));
    expect(wait([10, 10, 10, 10, 10])).toBe(seconds(10));
  });

  it('of a running job are longer than it has already run', () => {
    const view = given({
      running: [running('r0', null, { startedAt: after(-50) })],
      instances: [instance([job('j1', null)])],
      recent: recent([1, 1, 1, 1, 1, 1, 1, 1, 80]),
    });
    expect(inSeconds(foretold(view).waitOf('j1', 1, t0))).toEqual([30, 30]);
  });

  it('are the same for the same queue each time', () => {
    const view = unknown(recent([1, 5, 20, 60, 200]));
    expect(foretold(view).waitOf('j1', 1, t0)).toEqual(foretold(view).waitOf('j1', 1, t0));
  });

  it('give shorter waits as time passes', () => {
    const view = given({ running: [running('r0', 30)], instances: [instance([job('j1', 1)])] });
    const made = foretold(view);
    const wait = (now: Millis) => made.waitOf('j1', 1, now).p50;
    expect([wait(t0), wait(after(12)), wait(after(40))]).toEqual([seconds(30), seconds(18), 0]);
  });
});
