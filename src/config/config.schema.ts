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
import type { Section } from './section.js';

/** Seconds, about thirty years: a larger value was probably given in milliseconds. */
const longest = 1e9;

class IdleLimits {
  @IsOptional() @IsInt() @Min(1) @Max(longest) dedicated?: number;
  @IsOptional() @IsInt() @Min(1) @Max(longest) batch?: number;
}

/** Seconds. Each limit is both the default and the maximum that a request may set. */
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

/** PEM files. If they are set, the service uses TLS on all its ports. */
export class TlsConfig {
  @IsString() @MinLength(1) cert!: string;
  @IsString() @MinLength(1) key!: string;
}

/**
 * Variables of the service's environment that child processes get in addition to the allow-list, by driver. The keys
 * are the drivers that start processes.
 */
export class WorkerEnvironmentConfig {
  [driver: string]: string[] | undefined;
}

/**
 * The keys of the configuration file that the service itself reads, with their defaults. `stint.example.yaml` explains
 * each key. The drivers add the keys of their programs.
 */
export class ConfigFile {
  @IsString() host = '127.0.0.1';
  @IsInt() @Min(0) @Max(65535) port = 8080;
  @IsString() data = defaultData;
  @IsIn(['real', 'virtual']) clock: 'real' | 'virtual' = 'real';
  @IsOptional() @IsString() @MinLength(32) admin_token?: string;
  /** A file that contains the admin token. */
  @IsOptional() @IsString() @MinLength(1) admin_token_file?: string;
  /** The file with the key that signs bearer tokens; default: `stint.key` in the data folder. */
  @IsOptional() @IsString() @MinLength(1) signing_key_file?: string;
  @IsOptional() @IsObject() @ValidateNested() @Type(() => TlsConfig) tls?: TlsConfig;
  /** Addresses and networks of proxies whose `X-Forwarded-…` headers are trusted. */
  @IsArray() @IsString({ each: true }) trusted_proxies: string[] = [];
  @IsIn(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']) log_level = 'info';
  @IsInt() @Min(1) @Max(86_400) request_seconds = 900;
  @IsInt() @Min(0) @Max(64) warm_workers = 1;
  @IsObject()
  @ValidateNested()
  worker_environment: WorkerEnvironmentConfig = new WorkerEnvironmentConfig();
  /** Seconds that a child process may stay stopped (SIGSTOP) before it is killed. */
  @IsInt() @Min(1) @Max(86_400) stopped_after = 30;
  @IsNumber() @Min(0.001) @Max(3650) fair_share_days = 28;
  @IsOptional() @IsString() default_backend?: string;
  @IsArray()
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => BackendConfig)
  backends: BackendConfig[] = [];
}

/** Returns the schema of the whole file: the keys of the service and these sections. */
export function schemaWithSections(sections: readonly Section[]): new () => ConfigFile {
  const cached = files.get(sections);
  if (cached !== undefined) return cached;
  class WholeFile extends ConfigFile {
    constructor() {
      super();
      for (const { name, schema } of sections) Object.assign(this, { [name]: new schema() });
    }
  }
  for (const { name, schema } of sections)
    for (const check of [IsObject(), ValidateNested(), Type(() => schema)]) check(WholeFile.prototype, name);
  files.set(sections, WholeFile);
  return WholeFile;
}

/** Reuses each class, because the validator keeps every class and a configuration may be read many times. */
const files = new WeakMap<readonly Section[], new () => ConfigFile>();
