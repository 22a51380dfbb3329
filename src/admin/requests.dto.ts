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
  /** Why; users read it where they wait. */
  @IsOptional() @IsString() @MaxLength(500) reason?: string;
  @IsOptional() @IsObject() @ValidateNested() @Type(() => LimitsConfig) limits?: LimitsConfig;
}

class PlanBody {
  @IsOptional() @IsArray() @IsIn(sessionModes, { each: true }) modes?: SessionMode[];
  @IsOptional() @IsInt() @Min(1) @Max(1e9) max_ttl?: number;
  @IsOptional() @IsInt() @Min(1) @Max(1e9) active_ttl?: number;
  @IsOptional() @IsInt() @Min(1) @Max(1e9) interactive_ttl?: number;
  @IsOptional() @IsInt() @Min(1) @Max(1e9) max_execution_time?: number;
  /** How many jobs of the instance may be queued at once, over all backends. */
  @IsOptional() @IsInt() @Min(1) @Max(1e9) max_pending_jobs?: number;
}

export class NewInstanceBody {
  @IsString() @MinLength(1) @MaxLength(128) name!: string;
  @IsNumber() @Min(0.001) @Max(1_000_000) shares: number = 1;
  @IsOptional() @IsNumber() @Min(0) @Max(1e12) budget_seconds?: number;
  @IsOptional() @IsObject() @ValidateNested() @Type(() => PlanBody) plan?: PlanBody;
  /** What its users may do with each other's sessions and jobs. */
  @IsIn(sharings) sharing: Sharing = 'see';
}

/** What is left out stays as it is. */
export class ChangeInstanceBody {
  @IsOptional() @IsNumber() @Min(0.001) @Max(1_000_000) shares?: number;
  /** Null: no budget. */
  @IsOptional() @IsNumber() @Min(0) @Max(1e12) budget_seconds?: number | null;
  /** Takes the place of the whole plan. */
  @IsOptional() @IsObject() @ValidateNested() @Type(() => PlanBody) plan?: PlanBody;
  @IsOptional() @IsIn(sharings) sharing?: Sharing;
}

export class NewTokenBody {
  @IsString() @MinLength(1) @MaxLength(128) user!: string;
  /** Name or CRN; an unknown name is created. */
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

const list = ({ value }: { value: unknown }): unknown =>
  value === undefined || Array.isArray(value) ? value : [value];

const separated = ({ value }: { value: unknown }): unknown =>
  Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : [];

export class AdminSessionsQuery {
  @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  @IsOptional() @IsString() next?: string;
  @IsOptional() @Transform(list) @IsIn(sessionStates, { each: true }) state?: SessionState[];
  @IsOptional() @IsIn(sessionModes) mode?: SessionMode;
  @IsOptional() @IsString() backend?: string;
  @IsOptional() @IsString() user?: string;
  /** Name or CRN. */
  @IsOptional() @IsString() instance?: string;
}

export class LedgerQuery {
  @Type(() => Number) @IsInt() @Min(1) @Max(1000) limit: number = 200;
  /** The `next` of the page before. */
  @IsOptional() @Type(() => Number) @IsInt() @Min(0) after?: number;
  /** Of an entry that began earlier the part from here on counts. */
  @Instant() from?: Date;
  /** Of an entry that ended later the part up to here counts. */
  @Instant() to?: Date;
  @IsOptional() @IsString() backend?: string;
  @IsOptional() @IsString() user?: string;
  /** Name or CRN. */
  @IsOptional() @IsString() instance?: string;
  /** What the sums are to be told apart by; several with commas between them, or given several times. */
  @Transform(separated) @IsIn(ledgerGroups, { each: true }) sum_by: LedgerGroup[] = [];
}
