import type { Backend, BackendLimits } from '../kernel/backend/backend.js';

/** What the service knows about a driver. Code reads these facts and never compares the name. */
export interface DriverFacts {
  readonly name: string;
  /**
   * Each session has a process of its own, which holds the session's state. A slot of such a backend has one lane, and
   * an idle session closes, because its state ends with its process.
   */
  readonly perSession: boolean;
  /** Its jobs have no process: the scheduler plays them according to their params. */
  readonly played: boolean;
  /** Programs known without asking runners. If the driver has runners, their own list is better. */
  readonly programs: readonly string[];
  /** The limits of a backend whose operator sets none. Milliseconds. */
  readonly limits: BackendLimits;
  /** Each of its backends must be described as a quantum device. */
  readonly needsDevice: boolean;
  /** Throws a Refusal if the driver does not know an option or cannot use its value. */
  checkOptions(backend: Pick<Backend, 'name' | 'options'>): void;
  /** The options of a backend, with the driver's defaults for those that the operator did not set. */
  optionsOf(backend: Pick<Backend, 'options'>): Readonly<Record<string, unknown>>;
}

/** The drivers of this service. */
export interface Drivers {
  /** In the order in which messages list them. */
  readonly names: readonly string[];
  /** Null if there is no such driver. */
  find(name: string): DriverFacts | null;
}
export const DRIVERS = Symbol('Drivers');
