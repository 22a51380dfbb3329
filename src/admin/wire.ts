import {
  defaultLimits,
  interpreterLimits,
  type Backend,
  type BackendLimits,
} from '../kernel/backend/backend.js';
import type { Snapshot } from '../kernel/choice/snapshot.js';
import { seconds, toSeconds, toWholeSeconds, type Millis } from '../kernel/time.js';
import { chargedTime, type LedgerEntry } from '../kernel/usage/usage.js';
import type { Instance, Token } from '../scheduler/ports.js';
import type { BackendConfig, LimitsConfig } from '../config/config.schema.js';
import type { NewBackend } from '../scheduler/backends.service.js';
import type { WaitEstimate } from '../scheduler/estimates.service.js';
import type { NewInstanceBody } from './requests.dto.js';

const iso = (at: Millis): string => new Date(at).toISOString();
const secondsOrNull = (ms: Millis | null): number | null => (ms === null ? null : toSeconds(ms));
const isoOrNull = (at: Millis | null): string | null => (at === null ? null : iso(at));

/** Limits as asked, over those that are in force. */
export function toLimits(body: LimitsConfig | undefined, base: BackendLimits = defaultLimits): BackendLimits {
  const or = (value: number | undefined, otherwise: Millis) =>
    value === undefined ? otherwise : seconds(value);
  return {
    maxTtl: or(body?.max_ttl, base.maxTtl),
    activeTtl: or(body?.active_ttl, base.activeTtl),
    interactiveTtl: {
      dedicated: or(body?.interactive_ttl?.dedicated, base.interactiveTtl.dedicated),
      batch: or(body?.interactive_ttl?.batch, base.interactiveTtl.batch),
    },
    unusedTtl: or(body?.unused_ttl, base.unusedTtl),
    maxExecutionTime: or(body?.max_execution_time, base.maxExecutionTime),
  };
}

/** A backend as the configuration file and the operator API describe it. */
export const toNewBackend = ({
  name,
  driver,
  slots,
  lanes,
  limits,
  on_idle,
  options,
}: BackendConfig): NewBackend => ({
  name,
  driver,
  slots,
  // One interpreter is one slot with one lane, and has nothing to go back to once it is closed.
  lanes: driver === 'spark' ? 1 : lanes,
  limits: toLimits(limits, driver === 'spark' ? interpreterLimits : defaultLimits),
  onIdle: driver === 'spark' ? 'close' : on_idle,
  options: options ?? {},
});

const fromLimits = (limits: BackendLimits) => ({
  max_ttl: toWholeSeconds(limits.maxTtl),
  active_ttl: toWholeSeconds(limits.activeTtl),
  interactive_ttl: {
    dedicated: toWholeSeconds(limits.interactiveTtl.dedicated),
    batch: toWholeSeconds(limits.interactiveTtl.batch),
  },
  unused_ttl: toWholeSeconds(limits.unusedTtl),
  max_execution_time: toWholeSeconds(limits.maxExecutionTime),
});

export const fromBackend = (backend: Backend, slots: Snapshot['slots'], { wait, reason }: WaitEstimate) => ({
  name: backend.name,
  driver: backend.driver,
  status: backend.status,
  status_reason: backend.statusReason,
  lanes: backend.lanes,
  slots: slots.map(({ index, running, holder, reservedFor }) => ({
    slot: index,
    running_jobs: running,
    held_by: holder,
    reserved_for: reservedFor,
  })),
  queue_length: backend.queuedJobs,
  wait_time_seconds: wait && { p50: secondsOrNull(wait.p50), p90: secondsOrNull(wait.p90) },
  ...(reason !== null && { wait_time_reason: reason }),
  limits: fromLimits(backend.limits),
  on_idle: backend.onIdle,
  options: backend.options,
  created_at: iso(backend.createdAt),
});

export function toPlan(plan: NewInstanceBody['plan']): Instance['plan'] {
  const or = (value: number | undefined) => (value === undefined ? undefined : seconds(value));
  return {
    modes: plan?.modes,
    maxTtl: or(plan?.max_ttl),
    activeTtl: or(plan?.active_ttl),
    interactiveTtl: or(plan?.interactive_ttl),
    maxExecutionTime: or(plan?.max_execution_time),
  };
}

export const fromInstance = (instance: Instance) => ({
  id: instance.id,
  name: instance.name,
  crn: instance.crn,
  shares: instance.shares,
  budget_seconds: instance.budget === null ? null : toSeconds(instance.budget),
  created_at: iso(instance.createdAt),
});

export const fromToken = (token: Token, instance: Instance | undefined) => ({
  id: token.id,
  user: token.user,
  role: token.role,
  instance: instance?.name ?? token.instance,
  crn: instance?.crn ?? null,
  created_at: iso(token.createdAt),
  expires_at: isoOrNull(token.expiresAt),
  revoked_at: isoOrNull(token.revokedAt),
});

export function fromLedger(
  entries: readonly (LedgerEntry & { id: number })[],
  names: ReadonlyMap<string, string>,
) {
  const sum = entries.reduce((total, entry) => total + chargedTime(entry), 0);
  return {
    entries: entries.map((entry) => ({
      id: entry.id,
      kind: entry.kind,
      backend: entry.backend,
      slot: entry.slot,
      instance: names.get(entry.instance) ?? entry.instance,
      user: entry.user,
      session_id: entry.session,
      job_id: entry.job,
      from: iso(entry.from),
      to: iso(entry.to),
      charged_seconds: toSeconds(chargedTime(entry)),
    })),
    sums: { charged_seconds: toSeconds(sum), entries: entries.length },
  };
}

export const clockBody = (now: Millis, mode: 'real' | 'virtual') => ({ now: iso(now), mode });
