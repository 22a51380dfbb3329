import type { BackendStatus } from '../kernel/backend/backend.js';
import { BackendWaitAnswer } from '../dialects/qiskit-runtime/answers.dto.js';

/** What the operator API answers; `wire.ts` makes it. */

export class SlotAnswer {
  slot!: number;
  running_jobs!: number;
  /** Id of the session that has it for itself. */
  held_by!: string | null;
  /** Id of the session that gets it once it is empty. */
  reserved_for!: string | null;
}

export class ModeTtlAnswer {
  dedicated!: number;
  batch!: number;
}

/** Seconds; each is the default and the most one may ask for. */
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
  /** Seconds until a job would start if it were submitted now; null where nobody can tell. */
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

/** What sessions and jobs of the instance may ask for; null: what the backend allows. */
export class PlanAnswer {
  modes!: ('dedicated' | 'batch')[] | null;
  /** Seconds, like the others. */
  max_ttl!: number | null;
  active_ttl!: number | null;
  interactive_ttl!: number | null;
  max_execution_time!: number | null;
  /** How many of its jobs may be queued at once; null: any number. */
  max_pending_jobs!: number | null;
}

export class TenantAnswer {
  id!: string;
  name!: string;
  crn!: string;
  shares!: number;
  budget_seconds!: number | null;
  plan!: PlanAnswer;
  /** What its users may do with each other's sessions and jobs. */
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
  /** Name of the instance it acts for. */
  instance!: string;
  crn!: string | null;
  created_at!: string;
  expires_at!: string | null;
  revoked_at!: string | null;
}

export class NewTokenAnswer extends TokenAnswer {
  /** The secret, shown only here. */
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
  /** `hold`: a dedicated session committed a slot. `job`: a lone or batch job occupied a lane. */
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
  /** Between `from` and `to` of this entry, or the part of it that was asked for. */
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
  /** Over all pages. */
  charged_seconds!: number;
  entries!: number;
  /** By what `sum_by` asked for, the largest first; at most 1000. */
  groups!: LedgerGroupAnswer[];
  /** How many further groups there are; what they were charged is in the sum. Ask for less to see them. */
  groups_left_off!: number;
}

export class LedgerAnswer {
  /** Oldest first. */
  entries!: LedgerEntryAnswer[];
  /** Sent as `after` it brings the following page; null on the last one. */
  next!: number | null;
  /** Of everything that was asked for, on the first page; null on the following ones. */
  sums!: LedgerSumsAnswer | null;
}
