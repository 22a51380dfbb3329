import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { after, t0 } from '../../test/support/given.js';
import { SystemClock } from './system-clock.js';

beforeEach(() => {
  jest.useFakeTimers({ now: t0 });
});
afterEach(() => {
  jest.useRealTimers();
});

/** Lets so many seconds pass. */
const pass = (s: number) => jest.advanceTimersByTime(s * 1000);
/** Sets the computer's clock, which takes no time. */
const set = (s: number) => jest.setSystemTime(after(s));

describe('the time', () => {
  it('is that of the computer, even after it was set ahead', () => {
    const clock = new SystemClock();
    expect(clock.now()).toBe(t0);
    pass(5);
    expect(clock.now()).toBe(after(5));
    set(100);
    expect(clock.now()).toBe(after(100));
  });

  it('continues at normal speed when the computer is set back', () => {
    const clock = new SystemClock();
    pass(5);
    expect(clock.now()).toBe(after(5));
    set(-3600);
    expect(clock.now()).toBe(after(5));
    pass(10);
    expect(clock.now()).toBe(after(15));
    expect(clock.wall()).toBe(after(-3590));
  });

  it('continues from when the service was last alive if the computer is behind', () => {
    const clock = new SystemClock();
    clock.startFrom(after(60));
    expect(clock.now()).toBe(after(60));
    pass(1);
    expect(clock.now()).toBe(after(61));
    clock.startFrom(after(30));
    expect(clock.now()).toBe(after(61));
  });
});

describe('a wake-up', () => {
  const waiting = (until: number) => {
    const clock = new SystemClock();
    const woken: number[] = [];
    clock.wakeAt(after(until), () => woken.push(clock.now()));
    return { clock, woken };
  };

  it('comes once, when the time has passed', () => {
    const { woken } = waiting(60);
    pass(59.999);
    expect(woken).toEqual([]);
    pass(0.001);
    expect(woken).toEqual([after(60)]);
    pass(600);
    expect(woken).toHaveLength(1);
  });

  it('comes no later if the computer is set back', () => {
    const { woken } = waiting(60);
    pass(30);
    set(-3600);
    pass(30);
    expect(woken).toEqual([after(60)]);
  });

  it('comes within seconds when the computer jumps past it, as after a sleep', () => {
    const { woken } = waiting(3600);
    pass(1);
    set(7200);
    pass(10);
    expect(woken).toHaveLength(1);
  });

  it('that is weeks away does not come early', () => {
    const { woken } = waiting(40 * 24 * 3600);
    pass(39 * 24 * 3600);
    expect(woken).toEqual([]);
  });

  it('replaces the one before', () => {
    const { clock, woken } = waiting(10);
    clock.wakeAt(after(20), () => woken.push(clock.now()));
    pass(30);
    expect(woken).toEqual([after(20)]);
    clock.wakeAt(after(40), () => woken.push(clock.now()));
    clock.wakeAt(Infinity, () => undefined);
    pass(60);
    expect(woken).toHaveLength(1);
  });
});
