import { defaultLimits, type Backend, type BackendLimits } from '../kernel/backend/backend.js';
import type { Snapshot } from '../kernel/choice/snapshot.js';
import { seconds, toSeconds, toWholeSeconds, type Millis } from '../kernel/time.js';
import type { Instance, Token } from '../scheduler/ports.js';
import type { BackendConfig, LimitsConfig } from '../config/config.schema.js';
import type { NewBackend } from '../scheduler/backends.service.js';
import type { Drivers } from '../scheduler/drivers.ports.js';
import type { WaitEstimate } from '../scheduler/estimates.service.js';
import type { LedgerView } from '../scheduler/ledger.service.js';
import type {
  BackendAnswer,
  ClockAnswer,
  LedgerAnswer,
  LimitsAnswer,
  TenantAnswer,
  TokenAnswer,
} from './answers.dto.js';
import type { NewInstanceBody } from './requests.dto.js';

const iso = (at: Millis): string => new Date(at).toISOString();
const secondsOrNull = (ms: Millis | null): number | null => (ms === null ? null : toSeconds(ms));
const isoOrNull = (at: Millis | null): string | null => (at === null ? null : iso(at));

/** Converts seconds to milliseconds; null means absent. */
export const millisOr = <T>(value: number | null | undefined, otherwise: T): Millis | T =>
  value == null ? otherwise : seconds(value);

/** Returns the requested limits; absent ones are taken from `base`. */
export function toLimits(body: LimitsConfig | undefined, base: BackendLimits = defaultLimits): BackendLimits {
  return {
    maxTtl: millisOr(body?.max_ttl, base.maxTtl),
    activeTtl: millisOr(body?.active_ttl, base.activeTtl),
    interactiveTtl: {
      dedicated: millisOr(body?.interactive_ttl?.dedicated, base.interactiveTtl.dedicated),
      batch: millisOr(body?.interactive_ttl?.batch, base.interactiveTtl.batch),
    },
    unusedTtl: millisOr(body?.unused_ttl, base.unusedTtl),
    maxExecutionTime: millisOr(body?.max_execution_time, base.maxExecutionTime),
  };
}

/** Converts a backend of the configuration file or the operator API. An unknown driver is rejected later. */
export function toNewBackend(
  { name, driver, slots, lanes, limits, on_idle, options }: BackendConfig,
  drivers: Drivers,
): NewBackend {
  const facts = drivers.find(driver);
  const perSession = facts?.perSession === true;
  return {
    name,
    driver,
    slots,
    // Each slot holds one session's process, so it has one lane. An inactive session would have no process to return
    // to.
    lanes: perSession ? 1 : lanes,
    limits: toLimits(limits, facts?.limits),
    onIdle: perSession ? 'close' : on_idle,
    options: options ?? {},
  };
}

const fromLimits = (limits: BackendLimits): LimitsAnswer => ({
  max_ttl: toWholeSeconds(limits.maxTtl),
  active_ttl: toWholeSeconds(limits.activeTtl),
  interactive_ttl: {
    dedicated: toWholeSeconds(limits.interactiveTtl.dedicated),
    batch: toWholeSeconds(limits.interactiveTtl.batch),
  },
  unused_ttl: toWholeSeconds(limits.unusedTtl),
  max_execution_time: toWholeSeconds(limits.maxExecutionTime),
});

export const fromBackend = (
  backend: Backend,
  slots: Snapshot['slots'],
  { wait, reason }: WaitEstimate,
): BackendAnswer => ({
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
  return {
    modes: plan?.modes ?? undefined,
    maxTtl: millisOr(plan?.max_ttl, undefined),
    activeTtl: millisOr(plan?.active_ttl, undefined),
    interactiveTtl: millisOr(plan?.interactive_ttl, undefined),
    maxExecutionTime: millisOr(plan?.max_execution_time, undefined),
    maxPendingJobs: plan?.max_pending_jobs ?? undefined,
  };
}

const fromPlan = ({
  modes,
  maxTtl,
  activeTtl,
  interactiveTtl,
  maxExecutionTime,
  maxPendingJobs,
}: Instance['plan']) => ({
  modes: modes === undefined ? null : [...modes],
  max_ttl: wholeSecondsOrNull(maxTtl),
  active_ttl: wholeSecondsOrNull(activeTtl),
  interactive_ttl: wholeSecondsOrNull(interactiveTtl),
  max_execution_time: wholeSecondsOrNull(maxExecutionTime),
  max_pending_jobs: maxPendingJobs ?? null,
});
const wholeSecondsOrNull = (value: Millis | undefined) =>
  value === undefined ? null : toWholeSeconds(value);

export const fromInstance = (instance: Instance): TenantAnswer => ({
  id: instance.id,
  name: instance.name,
  crn: instance.crn,
  shares: instance.shares,
  budget_seconds: instance.budget === null ? null : toSeconds(instance.budget),
  plan: fromPlan(instance.plan),
  sharing: instance.sharing,
  created_at: iso(instance.createdAt),
});

export const fromToken = (token: Token, instance: Instance | undefined): TokenAnswer => ({
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
  { entries, sums }: LedgerView,
  { from = 0, to = Infinity, limit }: { from?: Millis; to?: Millis; limit: number },
  names: ReadonlyMap<string, string>,
): LedgerAnswer {
  const nameOf = (instance: string) => names.get(instance) ?? instance;
  return {
    entries: entries.map((entry) => ({
      id: entry.id,
      kind: entry.kind,
      backend: entry.backend,
      slot: entry.slot,
      instance: nameOf(entry.instance),
      user: entry.user,
      session_id: entry.session,
      job_id: entry.job,
      from: iso(entry.from),
      to: iso(entry.to),
      charged_seconds: toSeconds(Math.min(entry.to, to) - Math.max(entry.from, from)),
    })),
    next: entries.length === limit ? (entries.at(-1)?.id ?? null) : null,
    sums: sums && {
      charged_seconds: toSeconds(sums.charged),
      entries: sums.entries,
      groups: sums.groups.map(({ instance, session, charged, entries: count, ...others }) => ({
        ...(instance && { instance: nameOf(instance) }),
        ...others,
        ...(session !== undefined && { session_id: session }),
        charged_seconds: toSeconds(charged),
        entries: count,
      })),
      groups_left_off: sums.groupsLeftOff,
    },
  };
}

export const clockBody = (now: Millis, mode: 'real' | 'virtual'): ClockAnswer => ({ now: iso(now), mode });
