import { Refusal } from '../refusal.js';
import { seconds, toSeconds, toWholeSeconds, type Millis } from '../time.js';
import type { BackendLimits } from '../backend/backend.js';
import type { SessionLimits, SessionMode } from './session.js';

/** What a user may ask for when opening a session; milliseconds, undefined where nothing was said. */
export interface AskedLimits {
  readonly interactiveTtl?: Millis | undefined;
  readonly activeTtl?: Millis | undefined;
  readonly maxTtl?: Millis | undefined;
  /** Any length; no backend has an opinion on it. */
  readonly heartbeatTtl?: Millis | undefined;
}

/**
 * The limits a session gets: what was asked, or the backend's, lowered to fit `interactive ≤ active ≤ max`.
 * Anyone may ask for less than the backend and the plan allow; more is refused by name.
 */
export function grantLimits(
  asked: AskedLimits,
  mode: SessionMode,
  backend: {
    readonly limits: BackendLimits;
    readonly onIdle: SessionLimits['onIdle'];
    readonly options?: Readonly<Record<string, unknown>>;
  },
  plan: AskedLimits = {},
): SessionLimits {
  const ceiling = {
    maxTtl: Math.min(backend.limits.maxTtl, plan.maxTtl ?? Infinity),
    activeTtl: Math.min(backend.limits.activeTtl, plan.activeTtl ?? Infinity),
    interactiveTtl: Math.min(backend.limits.interactiveTtl[mode], plan.interactiveTtl ?? Infinity),
  };
  within('max_ttl', asked.maxTtl, ceiling.maxTtl);
  within('active_ttl', asked.activeTtl, ceiling.activeTtl);
  within('interactive_ttl', asked.interactiveTtl, ceiling.interactiveTtl);

  const maxTtl = asked.maxTtl ?? ceiling.maxTtl;
  ordered('active_ttl', asked.activeTtl, 'max_ttl', maxTtl);
  const activeTtl = asked.activeTtl ?? Math.min(ceiling.activeTtl, maxTtl);
  ordered('interactive_ttl', asked.interactiveTtl, 'active_ttl', activeTtl);
  const interactiveTtl = asked.interactiveTtl ?? Math.min(ceiling.interactiveTtl, activeTtl);
  return {
    ...{ interactiveTtl, activeTtl, maxTtl, unusedTtl: backend.limits.unusedTtl, onIdle: backend.onIdle },
    ...(asked.heartbeatTtl !== undefined && { heartbeatTtl: asked.heartbeatTtl }),
    // An inactive session runs nothing: one that may be ended at work can only be closed.
    ...(backend.onIdle === 'close' && backend.options?.['busy_is_idle'] === true && { busyIsIdle: true }),
  };
}

/** A limit of at least a second and at most what is allowed. */
function within(name: string, asked: Millis | undefined, most: Millis): void {
  if (asked !== undefined && asked < seconds(1)) {
    throw new Refusal('invalid_value', `${name} of ${toSeconds(asked)} s is too short.`, 'The least is 1 s.');
  }
  if (asked === undefined || asked <= most) return;
  throw new Refusal(
    'limit_exceeded',
    `${name} of ${toWholeSeconds(asked)} s is more than the limit of ${toWholeSeconds(most)} s.`,
    `Ask for a ${name} of at most ${toWholeSeconds(most)} s, or leave it out to get the default.`,
  );
}

function ordered(low: string, asked: Millis | undefined, high: string, most: Millis): void {
  if (asked === undefined || asked <= most) return;
  throw new Refusal(
    'invalid_value',
    `${low} of ${toWholeSeconds(asked)} s is longer than the ${high} of ${toWholeSeconds(most)} s.`,
    'The rule is interactive_ttl ≤ active_ttl ≤ max_ttl.',
  );
}
