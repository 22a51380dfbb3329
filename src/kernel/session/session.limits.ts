import { Refusal, type SessionLimit } from '../refusal.js';
import { seconds, type Millis } from '../time.js';
import type { BackendLimits } from '../backend/backend.js';
import type { SessionLimits, SessionMode } from './session.js';

/** The limits that a user may request when opening a session, in milliseconds; undefined if not requested. */
export interface RequestedLimits {
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
  requested: RequestedLimits,
  mode: SessionMode,
  backend: {
    readonly limits: BackendLimits;
    readonly onIdle: SessionLimits['onIdle'];
    readonly busyIsIdle?: boolean;
  },
  plan: RequestedLimits = {},
): SessionLimits {
  const ceiling = {
    maxTtl: Math.min(backend.limits.maxTtl, plan.maxTtl ?? Infinity),
    activeTtl: Math.min(backend.limits.activeTtl, plan.activeTtl ?? Infinity),
    interactiveTtl: Math.min(backend.limits.interactiveTtl[mode], plan.interactiveTtl ?? Infinity),
  };
  checkBounds('maxTtl', requested.maxTtl, ceiling.maxTtl);
  checkBounds('activeTtl', requested.activeTtl, ceiling.activeTtl);
  checkBounds('interactiveTtl', requested.interactiveTtl, ceiling.interactiveTtl);

  const maxTtl = requested.maxTtl ?? ceiling.maxTtl;
  checkOrder('activeTtl', requested.activeTtl, 'maxTtl', maxTtl);
  const activeTtl = requested.activeTtl ?? Math.min(ceiling.activeTtl, maxTtl);
  checkOrder('interactiveTtl', requested.interactiveTtl, 'activeTtl', activeTtl);
  const interactiveTtl = requested.interactiveTtl ?? Math.min(ceiling.interactiveTtl, activeTtl);
  return {
    ...{ interactiveTtl, activeTtl, maxTtl, unusedTtl: backend.limits.unusedTtl, onIdle: backend.onIdle },
    ...(requested.heartbeatTtl !== undefined && { heartbeatTtl: requested.heartbeatTtl }),
    // An inactive session runs nothing, so a session that may idle out while busy can only be closed.
    ...(backend.onIdle === 'close' && backend.busyIsIdle === true && { busyIsIdle: true }),
  };
}

/** Refuses a requested limit that is below one second or above `most`. */
function checkBounds(limit: SessionLimit, requested: Millis | undefined, most: Millis): void {
  if (requested === undefined) return;
  if (requested < seconds(1)) throw new Refusal('limit_too_short', { limit, value: requested });
  if (requested > most) throw new Refusal('limit_exceeded', { limit, value: requested, most });
}

function checkOrder(
  low: SessionLimit,
  requested: Millis | undefined,
  high: SessionLimit,
  most: Millis,
): void {
  if (requested === undefined || requested <= most) return;
  throw new Refusal('limits_out_of_order', { low, value: requested, high, most });
}
