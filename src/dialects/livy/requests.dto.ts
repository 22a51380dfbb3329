import { suggestName } from '../near-names.js';
import { RawJson } from '../raw-json.js';
import type { Text } from '../../scheduler/long-text.js';
import { BadRequestException } from '@nestjs/common';
import { plainToInstance, Transform } from 'class-transformer';
import { IsArray, IsInt, IsOptional, IsString, Max, Min, ValidateBy, validateSync } from 'class-validator';
import { unescapeInherited, unescapeInMessage, escapeInherited } from '../../kernel/inherited-names.js';

// These functions convert scalars as Livy's JSON mapper does (dialect, HTTP rules): Airflow sends numbers as strings.
const whole = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' && /^-?\d+$/.test(value.trim()) ? Number(value) : value;
const text = ({ value }: { value: unknown }): unknown =>
  typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
const texts = ({ value }: { value: unknown }): unknown =>
  Array.isArray(value) ? value.map((each: unknown) => text({ value: each })) : value;
const properties = ({ value }: { value: unknown }): unknown => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, text({ value: each })]));
};
/** Returns whether a value is an object of strings, after conversion. null means that a property is not set. */
const isProperties = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((each) => each === null || typeof each === 'string');

const mostCores = 1_000_000;

/** The common members of `POST /sessions` and `POST /batches`. */
export class SparkRequest {
  @IsOptional() @Transform(text) @IsString() proxyUser?: string | null;
  @IsOptional() @Transform(texts) @IsArray() @IsString({ each: true }) jars?: string[] | null;
  @IsOptional() @Transform(texts) @IsArray() @IsString({ each: true }) pyFiles?: string[] | null;
  @IsOptional() @Transform(texts) @IsArray() @IsString({ each: true }) files?: string[] | null;
  @IsOptional() @Transform(texts) @IsArray() @IsString({ each: true }) archives?: string[] | null;
  /** For example `512m` or `2g`. */
  @IsOptional() @Transform(text) @IsString() driverMemory?: string | null;
  @IsOptional() @Transform(whole) @IsInt() @Min(0) @Max(mostCores) driverCores?: number | null;
  @IsOptional() @Transform(text) @IsString() executorMemory?: string | null;
  @IsOptional() @Transform(whole) @IsInt() @Min(0) @Max(mostCores) executorCores?: number | null;
  @IsOptional() @Transform(whole) @IsInt() @Min(0) @Max(mostCores) numExecutors?: number | null;
  @IsOptional() @Transform(text) @IsString() queue?: string | null;
  @IsOptional() @Transform(text) @IsString() name?: string | null;
  @IsOptional()
  @Transform(properties)
  @ValidateBy({
    name: 'areProperties',
    validator: {
      validate: isProperties,
      defaultMessage: () => 'conf must be an object of texts, numbers or booleans',
    },
  })
  conf?: Record<string, string | null> | null;
}

/** `POST /sessions`. */
export class SessionRequest extends SparkRequest {
  @IsOptional() @IsString() kind?: string | null;
  @IsOptional() @Transform(whole) @IsInt() @Min(0) @Max(2 ** 31 - 1) heartbeatTimeoutInSecond?: number | null;
  @IsOptional() @Transform(text) @IsString() ttl?: string | null;
  @IsOptional() @Transform(text) @IsString() idleTimeout?: string | null;
}

/** `POST /batches`. */
export class BatchRequest extends SparkRequest {
  @IsOptional() @IsString() file?: string | null;
  @IsOptional() @IsString() className?: string | null;
  @IsOptional() @Transform(texts) @IsArray() @IsString({ each: true }) args?: string[] | null;
}

/** `POST /sessions/{id}/statements`. */
export class StatementRequest {
  @IsString({ message: 'code must be a string' }) code!: string;
  @IsOptional() @IsString() kind?: string | null;
}

/** `POST /sessions/{id}/completion`. */
export class CompletionRequest {
  @IsString({ message: 'code must be a string' }) code!: string;
  @IsOptional() @IsString() kind?: string | null;
  /** Offset in the code; null means its end. */
  @IsOptional() @Transform(whole) @IsInt() @Min(0) cursor?: number | null;
}

/**
 * Query of lists and logs. `from` and `size` are strings, because {@link parseInteger} has Livy's own error messages.
 */
export class PageQuery {
  @IsOptional() from?: string;
  @IsOptional() size?: string;
}

/** Query of the list of statements. */
export class StatementsQuery extends PageQuery {
  /** An array if the client sends it twice. */
  @IsOptional() order?: string | string[];
}

/** Reads a body. Refuses unknown members, so that a misspelt one is not silently ignored (dialect, HTTP rules). */
export function readBody<T extends object>(type: new () => T, body: unknown): T {
  const fields = fieldsOf(type);
  // Check names here: the validator would accept those that every object has, such as `constructor`.
  const unknown = Object.keys(body ?? {}).find((name) => !fields.includes(name));
  if (unknown !== undefined)
    throw new BadRequestException(`Unrecognized field "${unknown}". Known are: ${fields.join(', ')}.`);
  const read = plainToInstance(type, escapeInherited(body ?? {}));
  const [first] = validateSync(read, { whitelist: true, forbidNonWhitelisted: true });
  if (first === undefined) return withNames(read);
  // If the value is not an integer, report only that and not its bounds.
  const { isInt, ...others } = first.constraints ?? {};
  throw new BadRequestException(
    unescapeInMessage(isInt ?? Object.values(others)[0] ?? `${first.property} is wrong`),
  );
}

/** Restores the names of members that {@link escapeInherited} changed. Only `conf` has members that a client names. */
const withNames = <T extends { conf?: unknown }>(read: T): T =>
  read.conf == null ? read : Object.assign(read, { conf: unescapeInherited(read.conf) });

export interface StatementBody {
  /** The code. A long one is a JSON string with its quotes. */
  readonly code: Text;
  readonly kind?: string | null;
}

/** Reads the body of `POST /sessions/{id}/statements`, in which a long code is unparsed. */
export function readStatement(body: unknown): StatementBody {
  const { code } = (body ?? {}) as { code?: unknown };
  if (!(code instanceof RawJson)) return readBody(StatementRequest, body);
  return { ...readBody(StatementRequest, { ...(body as object), code: '' }), code: code.text };
}

const known = new Map<unknown, readonly string[]>([
  [StatementRequest, ['code', 'kind']],
  [CompletionRequest, ['code', 'kind', 'cursor']],
]);
const common = [
  ...['proxyUser', 'jars', 'pyFiles', 'files', 'archives', 'driverMemory', 'driverCores', 'executorMemory'],
  ...['executorCores', 'numExecutors', 'queue', 'name', 'conf'],
];
const fieldsOf = (type: unknown): readonly string[] =>
  known.get(type) ??
  (type === BatchRequest
    ? ['file', 'className', 'args', ...common]
    : ['kind', 'heartbeatTimeoutInSecond', 'ttl', 'idleTimeout', ...common]);

/**
 * Refuses a parameter that is probably a misspelt one of `names`: if it were ignored, the answer would be another page.
 * Other unknown parameters are ignored, as in Livy (`doAs`). `query` is the raw query, with all names.
 */
export function refuseMisspelt(query: unknown, names: readonly string[] = ['from', 'size']): void {
  for (const name of Object.keys((query ?? {}) as object)) {
    const nearest = names.includes(name) ? undefined : suggestName(name, names);
    if (nearest !== undefined)
      throw new BadRequestException(`Unrecognized parameter "${name}". The nearest is ${nearest}.`);
  }
}

/** Parses a parameter of a query as an integer. Returns `fallback` if it is absent or empty. */
export function parseInteger(name: string, value: string | undefined, fallback: number): number {
  if (value === undefined || value === '') return fallback;
  if (!/^-?\d{1,9}$/.test(value))
    throw new BadRequestException(`${name} must be a whole number, not "${value}".`);
  return Number(value);
}
