import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { BackendLimits } from '../backend/backend.js';
import { seconds } from '../time.js';
import { grantLimits, type AskedLimits } from './session.limits.js';

const limits: BackendLimits = {
  maxTtl: seconds(1000),
  activeTtl: seconds(500),
  interactiveTtl: { dedicated: seconds(60), batch: seconds(30) },
  unusedTtl: seconds(100),
  maxExecutionTime: seconds(300),
};
const backend = { limits, onIdle: 'deactivate' as const };
const grant = (asked: AskedLimits, plan: AskedLimits = {}) => grantLimits(asked, 'dedicated', backend, plan);
const s = (asked: Partial<Record<keyof AskedLimits, number>>): AskedLimits =>
  Object.fromEntries(Object.entries(asked).map(([name, n]) => [name, seconds(n)]));

describe('granting limits', () => {
  it('gives what the backend has to a session that asks for nothing', () => {
    expect(grant({})).toEqual({
      ...s({ maxTtl: 1000, activeTtl: 500, interactiveTtl: 60, unusedTtl: 100 } as AskedLimits),
      onIdle: 'deactivate',
    });
  });

  it('has an idle limit for each mode', () => {
    expect(grantLimits({}, 'batch', backend).interactiveTtl).toBe(seconds(30));
  });

  it('lowers what was not asked for to fit what was', () => {
    expect(grant(s({ maxTtl: 20 }))).toMatchObject(s({ maxTtl: 20, activeTtl: 20, interactiveTtl: 20 }));
    expect(grant(s({ activeTtl: 20 }))).toMatchObject(s({ maxTtl: 1000, activeTtl: 20, interactiveTtl: 20 }));
  });

  it('grants exactly the limit', () => {
    const most = s({ maxTtl: 1000, activeTtl: 500, interactiveTtl: 60 });
    expect(grant(most)).toMatchObject(most);
  });

  const tooMuch: [AskedLimits, AskedLimits, string, string][] = [
    [s({ maxTtl: 1001 }), {}, 'limit_exceeded', 'max_ttl of 1001 s is more than the limit of 1000 s'],
    [s({ activeTtl: 501 }), {}, 'limit_exceeded', 'active_ttl of 501 s is more than the limit of 500 s'],
    [
      s({ interactiveTtl: 61 }),
      {},
      'limit_exceeded',
      'interactive_ttl of 61 s is more than the limit of 60 s',
    ],
    [
      s({ maxTtl: 11 }),
      s({ maxTtl: 10 }),
      'limit_exceeded',
      'max_ttl of 11 s is more than the limit of 10 s',
    ],
    [
      s({ activeTtl: 11 }),
      s({ activeTtl: 10 }),
      'limit_exceeded',
      'active_ttl of 11 s is more than the limit of 10 s',
    ],
    [s({ interactiveTtl: 11 }), s({ interactiveTtl: 10 }), 'limit_exceeded', 'interactive_ttl of 11 s'],
    [
      s({ activeTtl: 21, maxTtl: 20 }),
      {},
      'invalid_value',
      'active_ttl of 21 s is longer than the max_ttl of 20 s',
    ],
    [
      s({ interactiveTtl: 21, activeTtl: 20 }),
      {},
      'invalid_value',
      'interactive_ttl of 21 s is longer than the active_ttl of 20 s',
    ],
    [s({ interactiveTtl: 21, maxTtl: 20 }), {}, 'invalid_value', 'interactive_ttl of 21 s'],
    [s({ maxTtl: 0 }), {}, 'invalid_value', 'max_ttl of 0 s is too short'],
    [s({ activeTtl: 0 }), {}, 'invalid_value', 'active_ttl of 0 s is too short'],
    [s({ interactiveTtl: -1 }), {}, 'invalid_value', 'interactive_ttl of -1 s is too short'],
  ];
  it.each(tooMuch)('refuses %o under plan %o as %s and names the limit: %s', (asked, plan, code, message) => {
    expect(() => grant(asked, plan)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  it('law: what is granted is ordered, at least a second, within the backend and the plan, and as asked', () => {
    const ttl = fc.option(fc.integer({ min: -1, max: 1200 }).map(seconds), { nil: undefined });
    const three = fc.record({ maxTtl: ttl, activeTtl: ttl, interactiveTtl: ttl });
    const plans = three.map(
      (plan) => (Object.values(plan).some((n) => (n ?? 1) <= 0) ? {} : plan) as AskedLimits,
    );
    fc.assert(
      fc.property(three, plans, (asked, plan) => {
        let granted;
        try {
          granted = grant(asked, plan);
        } catch {
          return;
        }
        const { interactiveTtl, activeTtl, maxTtl } = granted;
        expect(seconds(1) <= interactiveTtl && interactiveTtl <= activeTtl && activeTtl <= maxTtl).toBe(true);
        expect(maxTtl).toBeLessThanOrEqual(Math.min(limits.maxTtl, plan.maxTtl ?? Infinity));
        expect({ ...granted, ...JSON.parse(JSON.stringify(asked)) }).toEqual(granted);
      }),
    );
  });

  it('lets a busy session end as idle only where idle sessions close: an inactive one runs nothing', () => {
    const options = { busy_is_idle: true };
    const given = (onIdle: 'close' | 'deactivate') =>
      grantLimits({}, 'batch', { ...backend, onIdle, options }).busyIsIdle;
    expect([given('close'), given('deactivate')]).toEqual([true, undefined]);
  });
});
