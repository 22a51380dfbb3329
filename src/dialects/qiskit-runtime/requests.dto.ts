import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInstance,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
} from 'class-validator';
import {
  sessionModes,
  sessionStates,
  type SessionMode,
  type SessionState,
} from '../../kernel/session/session.js';
import { RawJson } from '../body-parser.js';
import { Instant } from '../instant.js';

// Unknown members are ignored in all requests, because clients of other versions may send more.

/** Sets a default. null means absent. */
const orElse = <T>(fallback: T) => Transform(({ value }: { value: unknown }) => value ?? fallback);

/** `POST /sessions`. An empty body opens a dedicated session on the default backend. */
export class OpenSessionRequest {
  @orElse('dedicated') @IsIn(sessionModes) mode: SessionMode = 'dedicated';
  @IsOptional() @IsString() backend?: string;
  @IsOptional() @IsString() backend_name?: string;
  /** A CRN, which must be that of the token's instance. */
  @IsOptional() @IsString() instance?: string;
  /** Seconds that the session may live after the start of its first job. */
  @IsOptional() @IsInt() @Min(1) max_ttl?: number;
  /** Seconds that the session may be idle. */
  @IsOptional() @IsInt() @Min(1) interactive_ttl?: number;
  /** Seconds that the session may be active. */
  @IsOptional() @IsInt() @Min(1) active_ttl?: number;
}

/** `PATCH /sessions/{id}`. */
export class ChangeSessionRequest {
  @IsBoolean() accepting_jobs!: boolean;
}

const levels = ['critical', 'error', 'warning', 'info', 'debug'] as const;

/** `POST /jobs`. */
export class SubmitJobRequest {
  @IsString() @MinLength(1) @MaxLength(128) program_id!: string;
  @IsOptional() @IsString() backend?: string;
  /** The program's input: any JSON object, stored byte for byte. */
  @Transform(({ obj }: { obj: SubmitJobRequest }) => obj.params)
  @IsInstance(RawJson, { message: 'params must be a JSON object' })
  params!: RawJson;
  @IsOptional() @IsString() @MaxLength(36) session_id?: string;
  @Transform(({ value }) => (typeof value === 'string' ? value.toLowerCase() : (value ?? 'warning')))
  @IsIn(levels)
  log_level: string = 'warning';
  @orElse<string[]>([])
  @IsArray()
  @ArrayMaxSize(8)
  @IsString({ each: true })
  @MaxLength(86, { each: true })
  tags: string[] = [];
  /** Seconds that the job may run. */
  @IsOptional() @IsInt() @Min(1) cost?: number;
  @orElse(false) @IsBoolean() private: boolean = false;
  @IsOptional() @IsString() @MaxLength(512) calibration_id?: string;
  @IsOptional() @IsString() @MaxLength(512) runtime?: string;
}

/** `PUT /jobs/{id}/tags`. */
export class TagsRequest {
  @IsArray() @ArrayMaxSize(8) @IsString({ each: true }) @MaxLength(86, { each: true }) tags!: string[];
}

const list = ({ value }: { value: unknown }): unknown =>
  value === undefined || Array.isArray(value) ? value : [value];
const flag = ({ value }: { value: unknown }): unknown => {
  const text = String(value).toLowerCase();
  return text === 'true' ? true : text === 'false' ? false : value;
};

/** Query of `GET /jobs`. */
export class JobsQuery {
  /** Jobs per page: 1 to 200. A larger number means 200. */
  @Type(() => Number) @IsInt() @Min(1) limit: number = 200;
  @Type(() => Number) @IsInt() @Min(0) @Max(Number.MAX_SAFE_INTEGER) offset: number = 0;
  @IsOptional() @IsString() backend?: string;
  /** true: only queued and running jobs; false: only jobs that have ended. */
  @IsOptional() @Transform(flag) @IsBoolean() pending?: boolean;
  @IsOptional() @IsString() program?: string;
  /** Tags that a job must have, all of them. A job has at most 8. */
  @IsOptional() @Transform(list) @IsArray() @ArrayMaxSize(8) @IsString({ each: true }) tags?: string[];
  @IsOptional() @IsString() session_id?: string;
  @Instant() created_after?: Date;
  @Instant() created_before?: Date;
  @IsOptional() @Matches(/^(asc|desc)$/i, { message: 'sort must be ASC or DESC' }) sort?: string;
}

/** Query of `GET /jobs/{id}`. */
export class JobQuery {
  /** true: leave out the params, which may be the largest part of the answer. */
  @IsOptional() @Transform(flag) @IsBoolean() exclude_params?: boolean;
}

/** Query of `GET /sessions/{id}/events`. */
export class EventsQuery {
  /** Only events after the one with this id. */
  @Type(() => Number) @IsInt() @Min(0) after: number = 0;
  @Type(() => Number) @IsInt() @Min(1) @Max(1000) limit: number = 200;
}

/** Query of `GET /sessions`. */
export class SessionsQuery {
  @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 20;
  /** The `next` of the previous page. */
  @IsOptional() @IsString() next?: string;
  @IsOptional() @Transform(list) @IsIn(sessionStates, { each: true }) state?: SessionState[];
  @IsOptional() @IsIn(sessionModes) mode?: SessionMode;
  @IsOptional() @IsString() backend?: string;
}
