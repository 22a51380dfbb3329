import { Type } from 'class-transformer';
import {
  IsArray,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { defaultData } from './data-folder.js';

/** Seconds, some thirty years: what is more was meant as milliseconds. */
const longest = 1e9;

class IdleLimits {
  @IsOptional() @IsInt() @Min(1) @Max(longest) dedicated?: number;
  @IsOptional() @IsInt() @Min(1) @Max(longest) batch?: number;
}

/** Seconds. What a session or job gets when it does not ask, and the most it may ask for. */
export class LimitsConfig {
  @IsOptional() @IsInt() @Min(1) @Max(longest) max_ttl?: number;
  @IsOptional() @IsInt() @Min(1) @Max(longest) active_ttl?: number;
  @IsOptional() @IsObject() @ValidateNested() @Type(() => IdleLimits) interactive_ttl?: IdleLimits;
  @IsOptional() @IsInt() @Min(1) @Max(longest) unused_ttl?: number;
  @IsOptional() @IsInt() @Min(1) @Max(longest) max_execution_time?: number;
}

/** A backend as the configuration file and `POST /api/v1/admin/backends` describe it. */
export class BackendConfig {
  @Matches(/^[a-zA-Z0-9_]{1,64}$/, { message: 'name must be 1 to 64 letters, digits or underscores' })
  name!: string;
  @IsString() driver!: string;
  @IsInt() @Min(1) @Max(1000) slots: number = 1;
  @IsInt() @Min(1) @Max(1000) lanes: number = 1;
  @IsOptional() @IsObject() @ValidateNested() @Type(() => LimitsConfig) limits?: LimitsConfig;
  @IsIn(['deactivate', 'close']) on_idle: 'deactivate' | 'close' = 'deactivate';
  @IsOptional() @IsObject() options?: Record<string, unknown>;
}

class AnonymousConfig {
  @IsString() @MinLength(1) user = 'anonymous';
  @IsString() @MinLength(1) instance = 'default';
}

/** Interactive Spark for Livy's clients. */
export class LivyConfig {
  /** A port on which Livy is alone; without it there is only `/livy` on the service's own port. */
  @IsOptional() @IsInt() @Min(0) @Max(65535) port?: number;
  @IsString() host = '127.0.0.1';
  /** The token that acts for requests without credentials on that port. */
  @IsOptional() @IsString() @MinLength(32) token?: string;
  /** Who is charged for requests without credentials on that port, which must be on loopback. */
  @IsOptional() @IsObject() @ValidateNested() @Type(() => AnonymousConfig) anonymous?: AnonymousConfig;
  /** Where sessions run that name no backend. */
  @IsOptional() @IsString() backend?: string;
  /** Seconds that an ended session or batch is shown. */
  @IsInt() @Min(1) state_retain = 600;
}

/** PEM files: with them the service itself speaks TLS, on all its ports. */
export class TlsConfig {
  @IsString() @MinLength(1) cert!: string;
  @IsString() @MinLength(1) key!: string;
}

/** The Nexosis dialect. */
export class NexosisConfig {
  @IsInt() @Min(1024) @Max(512e6) body_limit = 50_000_000;
  @IsArray() @IsString({ each: true }) private_hosts: string[] = [];
  @IsArray() @IsString({ each: true }) import_hosts: string[] = [];
}

/**
 * Variables of the service's own environment that its child processes get besides the allow-list, by driver. The drivers
 * say which keys there are.
 */
export class WorkerEnvironmentConfig {
  [driver: string]: string[] | undefined;
}

/**
 * The configuration file, key by key, with its defaults. `stint.example.yaml` explains each. The drivers add the keys of
 * their programs.
 */
export class ConfigFile {
  @IsString() host = '127.0.0.1';
  @IsInt() @Min(0) @Max(65535) port = 8080;
  @IsString() data = defaultData;
  @IsIn(['real', 'virtual']) clock: 'real' | 'virtual' = 'real';
  @IsOptional() @IsString() @MinLength(32) admin_token?: string;
  /** A file with the admin token in it. */
  @IsOptional() @IsString() @MinLength(1) admin_token_file?: string;
  /** The file with the key that signs bearer tokens; `stint.key` in the data folder otherwise. */
  @IsOptional() @IsString() @MinLength(1) signing_key_file?: string;
  @IsOptional() @IsObject() @ValidateNested() @Type(() => TlsConfig) tls?: TlsConfig;
  /** Addresses and networks whose `X-Forwarded-…` headers count. */
  @IsArray() @IsString({ each: true }) trusted_proxies: string[] = [];
  @IsIn(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']) log_level = 'info';
  @IsInt() @Min(1) @Max(86_400) request_seconds = 900;
  @IsInt() @Min(0) @Max(64) warm_workers = 1;
  @IsObject()
  @ValidateNested()
  worker_environment: WorkerEnvironmentConfig = new WorkerEnvironmentConfig();
  /** Seconds that a child process may stay stopped (SIGSTOP) before it is ended. */
  @IsInt() @Min(1) @Max(86_400) stopped_after = 30;
  @IsNumber() @Min(0.001) @Max(3650) fair_share_days = 28;
  @IsOptional() @IsString() default_backend?: string;
  @IsObject() @ValidateNested() @Type(() => LivyConfig) livy: LivyConfig = new LivyConfig();
  @IsObject() @ValidateNested() @Type(() => NexosisConfig) nexosis: NexosisConfig = new NexosisConfig();
  @IsArray()
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => BackendConfig)
  backends: BackendConfig[] = [];
}
