import type { BackendLimits } from '../kernel/backend/backend.js';
import type { Millis } from '../kernel/time.js';
import type { Progress } from '../runners/runner-pool.js';
import type { Devices } from '../scheduler/devices.ports.js';
import type { Interpreters, Runners, Task } from '../scheduler/ports.js';
import type { Options } from './options.js';

/**
 * All that the service knows about a driver. A driver is one folder with such a value in it, and one line in
 * `app.module.ts` (docs/drivers.md).
 */
export interface Driver {
  /** What the key `driver` of a backend says. */
  readonly name: string;
  /** How the configuration names the program of its processes; missing where it needs none that must be installed. */
  readonly program?: DriverProgram;
  /**
   * Variables of the service's environment that its processes get, besides those that all processes get; `*` at the end
   * stands for all that begin so. Missing for a driver without processes.
   */
  readonly environment?: readonly string[];
  /** The options that a backend may set. */
  readonly options: Options;
  /** Throws a Refusal for options that do not fit together. Each of them has been checked alone. */
  checkOptions?(backend: string, options: Readonly<Record<string, unknown>>): void;
  /** The programs that are known before a process is up. Processes may name more when they are ready. */
  readonly programs: readonly string[];
  /** The limits of a backend whose operator sets none; missing: those of every backend. */
  readonly limits?: BackendLimits;
  /** It keeps one process for each session, which holds the session's state. */
  readonly perSession?: boolean;
  /** Whether its backends may or must be described as quantum devices; missing: they are none. */
  readonly device?: 'possible' | 'needed';
  /** Makes its runners, and starts nothing yet. Missing where jobs have no process: the scheduler plays them. */
  runners?(place: DriverPlace): DriverRunners;
}

/** How the configuration names a program that a driver starts. */
export interface DriverProgram {
  /** The key at the top of the configuration file. */
  readonly key: `${string}python` | `${string}_program`;
  /** The environment variable that wins over the file. */
  readonly variable: `STINT_${string}`;
  /** The Python environment in the project's folder whose Python is taken where neither names one. */
  readonly environment?: string;
}

/** What a driver is given to make its runners of. */
export interface DriverPlace {
  /** The program that the configuration names, or the one of the driver's own environment; undefined where there is none. */
  readonly program: string | undefined;
  /** The environment of its processes: what the allow-lists let through. */
  readonly environment: Readonly<Record<string, string>>;
  /** The service's own environment, to look for what is installed on this machine. It goes to no process. */
  readonly machine: Readonly<Record<string, string | undefined>>;
  /** How many processes to keep ready while nothing runs. */
  readonly warm: number;
  /** How long a process may stay stopped (SIGSTOP) before it is ended. */
  readonly stoppedAfter: Millis;
  /** The project's folder, where the programs of processes are. */
  readonly home: string;
  /** A folder of the driver's own below the data folder. It is not made yet. */
  readonly data: string;
  readonly devices: Devices;
  /** Tells of a step that an attempt has reported. */
  progressed(task: Pick<Task, 'token'>, step: Progress): void;
}

/** The runners of one driver, and what they need done before the first job and after the last. */
export interface DriverRunners {
  /** Where there are several, the first that has a program runs it. */
  readonly runners: readonly Runners[];
  /** For a driver with a process for each session: what such a process tells beyond its answers. */
  readonly interpreters?: Interpreters;
  /** Speaks to the processes that outlived an earlier service. Called once, when the scheduler knows their jobs. */
  resume?(): void;
  /** Starts the processes that are to be ready before the first job. Called only where a backend has this driver. */
  warmUp?(): void;
  /** Lets go of all processes, or ends them. */
  close(): void | Promise<void>;
}

/**
 * Stands between the scheduler and the runners of one driver: it prepares attempts and keeps what they find. A dialect has
 * one where it stores what its jobs are about, because a driver knows no dialect.
 */
export interface Between extends Runners {
  /** Resolves when attempts may be prepared; the service starts no process of the driver before. */
  readonly ready: Promise<void>;
  progressed(task: Pick<Task, 'token'>, step: Progress): void;
  /** The service is stopping: nothing is told any more. */
  close(): void;
}

/** By the name of a driver: what is put between the scheduler and its runners. */
export type Betweens = ReadonlyMap<string, (inner: Runners) => Between>;
