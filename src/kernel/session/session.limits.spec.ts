import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { refusalOf } from '../../../test/support/refused.js';
import type { BackendLimits } from '../backend/backend.js';
import { Refusal, type SessionLimit } from '../refusal.js';
import { seconds } from '../time.js';
import { grantLimits, type RequestedLimits } from './session.limits.js';

const limits: BackendLimits = {
  maxTtl: seconds(1000),
  activeTtl: seconds(500),
  interactiveTtl: { dedicated: seconds(60), batch: seconds(30) },
  unusedTtl: seconds(100),
  maxExecutionTime: seconds(300),
};
const backend = { limits, onIdle: 'deactivate' as const };
const grant = (requested: RequestedLimits, plan: RequestedLimits = {}) =>
  grantLimits(requested, 'dedicated', backend, plan);
const s = (requested: Partial<Record<keyof RequestedLimits, number>>): RequestedLimits =>
  Object.fromEntries(Object.entries(requested).map(([name, n]) => [name, seconds(n)]));

const exceeded = (limit: SessionLimit, requested: number, most: number): Refusal =>
  new Refusal('limit_exceeded', { limit, value: seconds(requested), most: seconds(most) });
const reversed = (low: SessionLimit, requested: number, high: SessionLimit, most: number): Refusal =>
  new Refusal('limits_out_of_order', { low, value: seconds(requested), high, most: seconds(most) });
const tooShort = (limit: SessionLimit, requested: number): Refusal =>
  new Refusal('limit_too_short', { limit, value: seconds(requested) });

describe('granting limits', () => {
  it("gives the backend's limits to a session that requests none", () => {
    expect(grant({})).toEqual({
      ...s({ maxTtl: 1000, activeTtl: 500, interactiveTtl: 60, unusedTtl: 100 } as RequestedLimits),
      onIdle: 'deactivate',
    });
  });

  it('uses the idle limit of the mode', () => {
    expect(grantLimits({}, 'batch', backend).interactiveTtl).toBe(seconds(30));
  });

  it('lowers limits that were not requested to fit those that were', () => {
    expect(grant(s({ maxTtl: 20 }))).toMatchObject(s({ maxTtl: 20, activeTtl: 20, interactiveTtl: 20 }));
    expect(grant(s({ activeTtl: 20 }))).toMatchObject(s({ maxTtl: 1000, activeTtl: 20, interactiveTtl: 20 }));
  });

  it('grants a request for exactly the limit', () => {
    const most = s({ maxTtl: 1000, activeTtl: 500, interactiveTtl: 60 });
    expect(grant(most)).toMatchObject(most);
  });

  const tooMuch: [RequestedLimits, RequestedLimits, Refusal][] = [
    [s({ maxTtl: 1001 }), {}, exceeded('maxTtl', 1001, 1000)],
    [s({ activeTtl: 501 }), {}, exceeded('activeTtl', 501, 500)],
    [s({ interactiveTtl: 61 }), {}, exceeded('interactiveTtl', 61, 60)],
    [s({ maxTtl: 11 }), s({ maxTtl: 10 }), exceeded('maxTtl', 11, 10)],
    [s({ activeTtl: 11 }), s({ activeTtl: 10 }), exceeded('activeTtl', 11, 10)],
    [s({ interactiveTtl: 11 }), s({ interactiveTtl: 10 }), exceeded('interactiveTtl', 11, 10)],
    [s({ activeTtl: 21, maxTtl: 20 }), {}, reversed('activeTtl', 21, 'maxTtl', 20)],
    [s({ interactiveTtl: 21, activeTtl: 20 }), {}, reversed('interactiveTtl', 21, 'activeTtl', 20)],
    [s({ interactiveTtl: 21, maxTtl: 20 }), {}, reversed('interactiveTtl', 21, 'activeTtl', 20)],
    [s({ maxTtl: 0 }), {}, tooShort('maxTtl', 0)],
    [s({ activeTtl: 0 }), {}, tooShort('activeTtl', 0)],
    [s({ interactiveTtl: -1 }), {}, tooShort('interactiveTtl', -1)],
  ];
  it.each(tooMuch)(
    'refuses %o under plan %o and names the limit: %s',
    (requested, plan, { code, params }) => {
      expect(refusalOf(() => grant(requested, plan))).toEqual({ code, params });
    },
  );

  it('law: granted limits are ordered, at least a second, within the backend and the plan, and as requested', () => {
    const ttl = fc.option(fc.integer({ min: -1, max: 1200 }).map(seconds), { nil: undefined });
    const three = fc.record({ maxTtl: ttl, activeTtl: ttl, interactiveTtl: ttl });
    const plans = three.map(
      (plan) => (Object.values(plan).some((n) => (n ?? 1) <= 0) ? {} : plan) as RequestedLimits,
    );
    fc.assert(
      fc.property(three, plans, (requested, plan) => {
        let granted;
        try {
          granted = grant(requested, plan);
        } catch {
          return;
        }
        const { interactiveTtl, activeTtl, maxTtl } = granted;
        expect(seconds(1) <= interactiveTtl && interactiveTtl <= activeTtl && activeTtl <= maxTtl).toBe(true);
        expect(maxTtl).toBeLessThanOrEqual(Math.min(limits.maxTtl, plan.maxTtl ?? Infinity));
        expect({ ...granted, ...JSON.parse(JSON.stringify(requested)) }).toEqual(granted);
      }),
    );
  });

  it('lets busy count as idle only if idle sessions close, because an inactive one runs nothing', () => {
    const given = (onIdle: 'close' | 'deactivate') =>
      grantLimits({}, 'batch', { ...backend, onIdle, busyIsIdle: true }).busyIsIdle;
    expect([given('close'), given('deactivate')]).toEqual([true, undefined]);
  });
});
