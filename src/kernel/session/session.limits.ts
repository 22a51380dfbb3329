import { Refusal, type SessionLimit } from '../refusal.js';
import { seconds, type Millis } from '../time.js';
import type { BackendLimits } from '../backend/backend.js';
import type { SessionLimits, SessionMode } from './session.js';

/** The limits that a user may request when opening a session, in milliseconds; undefined if not requested. */
export interface AskedLimits {
  readonly interactiveTtl?: Millis | undefined;
  readonly activeTtl?: Millis | undefined;
  readonly maxTtl?: Millis | undefined;
  /** Any length: neither backend nor plan limits it. */
  readonly heartbeatTtl?: Millis | undefined;
}

/**
 * Returns the limits that a session gets: those requested or else the backend's, lowered so that
 * `interactive ≤ active ≤ max`. Refuses a request that exceeds what the backend and the plan allow.
 */
export function grantLimits(
  asked: AskedLimits,
  mode: SessionMode,
  backend: {
    readonly limits: BackendLimits;
    readonly onIdle: SessionLimits['onIdle'];
    readonly busyIsIdle?: boolean;
  },
  plan: AskedLimits = {},
): SessionLimits {
  const ceiling = {
    maxTtl: Math.min(backend.limits.maxTtl, plan.maxTtl ?? Infinity),
    activeTtl: Math.min(backend.limits.activeTtl, plan.activeTtl ?? Infinity),
    interactiveTtl: Math.min(backend.limits.interactiveTtl[mode], plan.interactiveTtl ?? Infinity),
  };
  within('maxTtl', asked.maxTtl, ceiling.maxTtl);
  within('activeTtl', asked.activeTtl, ceiling.activeTtl);
  within('interactiveTtl', asked.interactiveTtl, ceiling.interactiveTtl);

  const maxTtl = asked.maxTtl ?? ceiling.maxTtl;
  ordered('activeTtl', asked.activeTtl, 'maxTtl', maxTtl);
  const activeTtl = asked.activeTtl ?? Math.min(ceiling.activeTtl, maxTtl);
  ordered('interactiveTtl', asked.interactiveTtl, 'activeTtl', activeTtl);
  const interactiveTtl = asked.interactiveTtl ?? Math.min(ceiling.interactiveTtl, activeTtl);
  return {
    ...{ interactiveTtl, activeTtl, maxTtl, unusedTtl: backend.limits.unusedTtl, onIdle: backend.onIdle },
    ...(asked.heartbeatTtl !== undefined && { heartbeatTtl: asked.heartbeatTtl }),
    // An inactive session runs nothing, so a session that may idle out while busy can only be closed.
    ...(backend.onIdle === 'close' && backend.busyIsIdle === true && { busyIsIdle: true }),
  };
}

/** Refuses a requested limit that is below one second or above `most`. */
function within(limit: SessionLimit, asked: Millis | undefined, most: Millis): void {
  if (asked === undefined) return;
  if (asked < seconds(1)) throw new Refusal('limit_too_short', { limit, asked });
  if (asked > most) throw new Refusal('limit_exceeded', { limit, asked, most });
}

function ordered(low: SessionLimit, asked: Millis | undefined, high: SessionLimit, most: Millis): void {
  if (asked === undefined || asked <= most) return;
  throw new Refusal('limits_out_of_order', { low, asked, high, most });
}
