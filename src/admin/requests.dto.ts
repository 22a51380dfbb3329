import { Transform, Type } from 'class-transformer';
import {
  IsArray,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { ledgerGroups, type LedgerGroup } from '../scheduler/ports.js';
import { roles, sharings, type Role, type Sharing } from '../kernel/access/access.js';
import { backendStatuses, type BackendStatus } from '../kernel/backend/backend.js';
import { LimitsConfig } from '../config/config.schema.js';
import {
  sessionModes,
  sessionStates,
  type SessionMode,
  type SessionState,
} from '../kernel/session/session.js';
import { Instant } from '../dialects/instant.js';

export class ChangeBackendBody {
  @IsOptional() @IsIn(backendStatuses) status?: BackendStatus;
  /** The reason for the status, shown to users who wait for the backend. */
  @IsOptional() @IsString() @MaxLength(500) reason?: string;
  @IsOptional() @IsObject() @ValidateNested() @Type(() => LimitsConfig) limits?: LimitsConfig;
}

class PlanBody {
  @IsOptional() @IsArray() @IsIn(sessionModes, { each: true }) modes?: SessionMode[];
  @IsOptional() @IsInt() @Min(1) @Max(1e9) max_ttl?: number;
  @IsOptional() @IsInt() @Min(1) @Max(1e9) active_ttl?: number;
  @IsOptional() @IsInt() @Min(1) @Max(1e9) interactive_ttl?: number;
  @IsOptional() @IsInt() @Min(1) @Max(1e9) max_execution_time?: number;
  /** The most jobs that the instance may have queued at once, over all backends. */
  @IsOptional() @IsInt() @Min(1) @Max(1e9) max_pending_jobs?: number;
}

export class NewInstanceBody {
  @IsString() @MinLength(1) @MaxLength(128) name!: string;
  @IsNumber() @Min(0.001) @Max(1_000_000) shares: number = 1;
  @IsOptional() @IsNumber() @Min(0) @Max(1e12) budget_seconds?: number;
  @IsOptional() @IsObject() @ValidateNested() @Type(() => PlanBody) plan?: PlanBody;
  /** What users of the instance may do with each other's sessions and jobs. */
  @IsIn(sharings) sharing: Sharing = 'see';
}

/** Absent members stay unchanged. */
export class ChangeInstanceBody {
  @IsOptional() @IsNumber() @Min(0.001) @Max(1_000_000) shares?: number;
  /** Null means no budget. */
  @IsOptional() @IsNumber() @Min(0) @Max(1e12) budget_seconds?: number | null;
  /** Replaces the whole plan. */
  @IsOptional() @IsObject() @ValidateNested() @Type(() => PlanBody) plan?: PlanBody;
  @IsOptional() @IsIn(sharings) sharing?: Sharing;
}

export class NewTokenBody {
  @IsString() @MinLength(1) @MaxLength(128) user!: string;
  /** Name or CRN; an instance with an unknown name is created. */
  @IsString() @MinLength(1) @MaxLength(256) instance!: string;
  @IsIn(roles) role: Role = 'user';
  @Instant() expires_at?: Date;
}

export class CloseSessionBody {
  @IsString() @MinLength(1) @MaxLength(500) reason!: string;
  @IsIn(['finish', 'cancel']) running_jobs: 'finish' | 'cancel' = 'finish';
}

export class AdvanceBody {
  @IsNumber() @Min(0) @Max(1e9) advance_seconds!: number;
}

const toList = ({ value }: { value: unknown }): unknown =>
  value === undefined || Array.isArray(value) ? value : [value];

const splitAtCommas = ({ value }: { value: unknown }): unknown =>
  Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : [];

export class AdminSessionsQuery {
  @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  @IsOptional() @IsString() next?: string;
  @IsOptional() @Transform(toList) @IsIn(sessionStates, { each: true }) state?: SessionState[];
  @IsOptional() @IsIn(sessionModes) mode?: SessionMode;
  @IsOptional() @IsString() backend?: string;
  @IsOptional() @IsString() user?: string;
  /** Name or CRN. */
  @IsOptional() @IsString() instance?: string;
}

export class LedgerQuery {
  @Type(() => Number) @IsInt() @Min(1) @Max(1000) limit: number = 200;
  /** The `next` of the previous page. */
  @IsOptional() @Type(() => Number) @IsInt() @Min(0) after?: number;
  /** Start of the requested range; entries are clipped to the range. */
  @Instant() from?: Date;
  /** End of the requested range; entries are clipped to the range. */
  @Instant() to?: Date;
  @IsOptional() @IsString() backend?: string;
  @IsOptional() @IsString() user?: string;
  /** Name or CRN. */
  @IsOptional() @IsString() instance?: string;
  /** Members to group the sums by: separated by commas, or in repeated parameters. */
  @Transform(splitAtCommas) @IsIn(ledgerGroups, { each: true }) sum_by: LedgerGroup[] = [];
}
