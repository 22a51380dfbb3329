import { Type } from 'class-transformer';
import { IsArray, IsOptional, IsString, Matches } from 'class-validator';
import { ConfigFile, WorkerEnvironmentConfig } from './config.schema.js';

/** The top-level key that names the program of a driver. */
export type ProgramKey = `${string}python` | `${string}_program`;

/** The keys that a driver adds to the configuration. */
export interface DriverKeys {
  readonly name: string;
  /** How the configuration names the driver's program, if it has one that must be installed. */
  readonly program?: {
    readonly key: ProgramKey;
    /** The environment variable that overrides the file. */
    readonly variable: `STINT_${string}`;
    /** A Python environment in the project's folder whose Python is used if neither of the two names a program. */
    readonly environment?: string;
  };
  /** Variables of the service's environment that the driver's processes get; absent for a driver without processes. */
  readonly environment?: readonly string[];
}

const variableName = /^(?!STINT_)[A-Za-z_][A-Za-z0-9_]*$/;
const asName = {
  each: true,
  message: '$property must name environment variables; those of Stint stay with it',
};

/** Returns the schema of the configuration file, extended by the keys of these drivers. */
export function schemaWithDriverKeys(
  File: new () => ConfigFile,
  drivers: readonly DriverKeys[],
): new () => ConfigFile {
  const cached = files.get(drivers);
  if (cached !== undefined && cached.prototype instanceof File) return cached;
  const withProcesses = drivers.filter(({ environment }) => environment !== undefined);
  class WorkerEnvironment extends WorkerEnvironmentConfig {
    constructor() {
      super();
      for (const { name } of withProcesses) this[name] = [];
    }
  }
  for (const { name } of withProcesses)
    decorate(WorkerEnvironment, name, IsArray(), IsString({ each: true }), Matches(variableName, asName));
  class FileWithDrivers extends File {
    override worker_environment: WorkerEnvironmentConfig = new WorkerEnvironment();
  }
  const type = Type(() => WorkerEnvironment);
  decorate(FileWithDrivers, 'worker_environment', type);
  for (const { program } of drivers)
    if (program !== undefined) decorate(FileWithDrivers, program.key, IsOptional(), IsString());
  files.set(drivers, FileWithDrivers);
  return FileWithDrivers;
}

/** Reuses each class, because the validator keeps every class and a configuration may be read many times. */
const files = new WeakMap<readonly DriverKeys[], new () => ConfigFile>();

/** Applies rules as decorators above a member are applied: from the last to the first. */
function decorate({ prototype }: { prototype: object }, key: string, ...rules: PropertyDecorator[]): void {
  for (const rule of rules.reverse()) rule(prototype, key);
}
