import type { BackendLimits } from '../kernel/backend/backend.js';
import type { Millis } from '../kernel/time.js';
import type { Progress } from '../runners/runner-pool.js';
import type { Devices } from '../scheduler/devices.ports.js';
import type { Interpreters, Runners, Task } from '../scheduler/ports.js';
import type { Options } from './options.js';

/**
 * Describes a driver to the service. A driver is one folder that exports such a value, and one line in `app.module.ts`
 * (docs/drivers.md).
 */
export interface Driver {
  /** The value of a backend's key `driver`. */
  readonly name: string;
  /** How the configuration names the program of the driver's processes; absent if no program must be installed. */
  readonly program?: DriverProgram;
  /**
   * Variables of the service's environment that the driver's processes get, besides those that all processes get. `*`
   * at the end matches any suffix. Absent for a driver without processes.
   */
  readonly environment?: readonly string[];
  /** The options that a backend may set. */
  readonly options: Options;
  /** Throws a Refusal if options contradict each other. Each option has been checked on its own before. */
  checkOptions?(backend: string, options: Readonly<Record<string, unknown>>): void;
  /** The programs that are known before a process has started. A process may name more when it is ready. */
  readonly programs: readonly string[];
  /** Default limits of the driver's backends; absent means the service's default limits. */
  readonly limits?: BackendLimits;
  /** Whether the driver keeps one process for each session, which holds the session's state. */
  readonly perSession?: boolean;
  /** Whether the driver's backends may or must be described as quantum devices; absent means they are not devices. */
  readonly device?: 'possible' | 'needed';
  /** Creates the runners and starts no process yet. Absent if jobs have no process: the scheduler then plays them. */
  runners?(place: DriverContext): DriverRunners;
}

/** How the configuration names a program that a driver starts. */
export interface DriverProgram {
  /** The top-level key of the configuration file. */
  readonly key: `${string}python` | `${string}_program`;
  /** The environment variable that overrides the file. */
  readonly variable: `STINT_${string}`;
  /** The Python environment in the project's folder whose Python is used if neither of the two names a program. */
  readonly environment?: string;
}

/** The settings with which a driver creates its runners. */
export interface DriverContext {
  /** The configured program, or the Python of the driver's own environment; undefined if there is neither. */
  readonly program: string | undefined;
  /** The environment of the driver's processes: the variables that the allow-lists permit. */
  readonly environment: Readonly<Record<string, string>>;
  /** The service's own environment, for finding installed programs. It must not be passed to a process. */
  readonly machine: Readonly<Record<string, string | undefined>>;
  /** Number of processes to keep ready while no job runs. */
  readonly warm: number;
  /** How long a process may stay stopped (SIGSTOP) before it is killed. */
  readonly stoppedAfter: Millis;
  /** The project's folder, which contains the programs of the processes. */
  readonly home: string;
  /** The driver's own folder below the data folder. It may not exist yet. */
  readonly data: string;
  readonly devices: Devices;
  /** Reports a step of an attempt's progress. */
  progressed(task: Pick<Task, 'token'>, step: Progress): void;
}

/** The runners of one driver, and the functions that start and close them. */
export interface DriverRunners {
  /** If there are several, a program runs on the first that has it. */
  readonly runners: readonly Runners[];
  /** For a driver with one process per session: progress, logs and completions of those processes. */
  readonly interpreters?: Interpreters;
  /**
   * Connects to the processes that outlived an earlier service. Called once, after the scheduler has loaded their jobs.
   */
  resume?(): void;
  /** Starts the processes that should be ready before the first job. Called only if a backend has this driver. */
  warmUp?(): void;
  /** Detaches from all processes, or ends them. */
  close(): void | Promise<void>;
}

/**
 * Wraps the runners of one driver: prepares attempts and stores their results. A dialect provides one if it stores the
 * data of its jobs, because drivers do not depend on dialects.
 */
export interface RunnerMiddleware extends Runners {
  /** Resolves when attempts may be prepared. The service starts no process of the driver before that. */
  readonly ready: Promise<void>;
  progressed(task: Pick<Task, 'token'>, step: Progress): void;
  /** Stops reporting to the scheduler, because the service is stopping. */
  close(): void;
}

/** Functions that wrap the runners of a driver, by the name of the driver. */
export type RunnerMiddlewares = ReadonlyMap<string, (inner: Runners) => RunnerMiddleware>;
