import type { BackendStatus } from '../kernel/backend/backend.js';
import { BackendWaitAnswer } from '../dialects/qiskit-runtime/answers.dto.js';

/** Response bodies of the operator API; `wire.ts` builds them. */

export class SlotAnswer {
  slot!: number;
  running_jobs!: number;
  /** Id of the session that holds the slot. */
  held_by!: string | null;
  /** Id of the session that gets the slot once no job runs on it. */
  reserved_for!: string | null;
}

export class ModeTtlAnswer {
  dedicated!: number;
  batch!: number;
}

/** Seconds. Each limit is both the default and the maximum that a request may set. */
export class LimitsAnswer {
  max_ttl!: number;
  active_ttl!: number;
  interactive_ttl!: ModeTtlAnswer;
  unused_ttl!: number;
  max_execution_time!: number;
}

export class BackendAnswer {
  name!: string;
  driver!: string;
  status!: BackendStatus;
  status_reason!: string | null;
  lanes!: number;
  slots!: SlotAnswer[];
  queue_length!: number;
  /** Seconds until a job would start if it were submitted now; null if there is no estimate. */
  wait_time_seconds!: BackendWaitAnswer | null;
  wait_time_reason?: string;
  limits!: LimitsAnswer;
  on_idle!: 'deactivate' | 'close';
  options!: Record<string, unknown>;
  created_at!: string;
}

export class BackendsAnswer {
  backends!: BackendAnswer[];
}

/** Limits of the sessions and jobs of an instance; null means that the limit of the backend applies. */
export class PlanAnswer {
  modes!: ('dedicated' | 'batch')[] | null;
  /** Seconds, as are the other limits. */
  max_ttl!: number | null;
  active_ttl!: number | null;
  interactive_ttl!: number | null;
  max_execution_time!: number | null;
  /** The most jobs that the instance may have queued at once; null means no limit. */
  max_pending_jobs!: number | null;
}

export class TenantAnswer {
  id!: string;
  name!: string;
  crn!: string;
  shares!: number;
  budget_seconds!: number | null;
  plan!: PlanAnswer;
  /** What users of the instance may do with each other's sessions and jobs. */
  sharing!: 'private' | 'see' | 'use';
  created_at!: string;
}

export class TenantsAnswer {
  instances!: TenantAnswer[];
}

export class TokenAnswer {
  id!: string;
  user!: string;
  role!: 'user' | 'admin';
  /** Name of the instance that the token acts for. */
  instance!: string;
  crn!: string | null;
  created_at!: string;
  expires_at!: string | null;
  revoked_at!: string | null;
}

export class NewTokenAnswer extends TokenAnswer {
  /** The secret; no other answer contains it. */
  token!: string;
}

export class TokensAnswer {
  tokens!: TokenAnswer[];
}

export class ClockAnswer {
  now!: string;
  mode!: 'real' | 'virtual';
}

export class LedgerEntryAnswer {
  id!: number;
  /** `hold`: a dedicated session held a slot. `job`: a lone or batch job occupied a lane. */
  kind!: 'hold' | 'job';
  backend!: string;
  slot!: number;
  /** Name of the instance that was charged. */
  instance!: string;
  user!: string;
  session_id!: string | null;
  /** Null for a hold. */
  job_id!: string | null;
  from!: string;
  to!: string;
  /** Seconds between `from` and `to` of this entry that lie in the requested range. */
  charged_seconds!: number;
}

export class LedgerGroupAnswer {
  instance?: string;
  user?: string;
  backend?: string;
  session_id?: string | null;
  charged_seconds!: number;
  entries!: number;
}

export class LedgerSumsAnswer {
  /** Sum over all pages. */
  charged_seconds!: number;
  entries!: number;
  /** Sums grouped by the members of `sum_by`, largest first; at most 1000. */
  groups!: LedgerGroupAnswer[];
  /** Number of groups that are not listed; their charges are part of the sum. Narrow the request to see them. */
  groups_left_off!: number;
}

export class LedgerAnswer {
  /** Oldest first. */
  entries!: LedgerEntryAnswer[];
  /** The value of `after` that requests the next page; null on the last page. */
  next!: number | null;
  /** Sums over all pages; on the first page only, null on later pages. */
  sums!: LedgerSumsAnswer | null;
}
