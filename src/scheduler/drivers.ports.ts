import type { Backend, BackendLimits } from '../kernel/backend/backend.js';

/** What a driver says about itself. Others ask these questions; nobody compares its name. */
export interface DriverFacts {
  readonly name: string;
  /**
   * It keeps one process for each session, which holds the session's state. A slot of such a backend has one lane, and an
   * idle session closes, because there is nothing to go back to.
   */
  readonly perSession: boolean;
  /** Its jobs have no process: the scheduler plays them as their params say. */
  readonly played: boolean;
  /** Programs that it has without asking its runners. Its runners know better, where it has some. */
  readonly programs: readonly string[];
  /** The limits of a backend whose operator sets none. Milliseconds. */
  readonly limits: BackendLimits;
  /** Each of its backends is a quantum device and must be described as one. */
  readonly needsDevice: boolean;
  /** Throws a Refusal where the driver does not know an option, or cannot use its value. */
  checkOptions(backend: Pick<Backend, 'name' | 'options'>): void;
  /** The options of a backend, with the driver's own values for those that the operator did not set. */
  optionsOf(backend: Pick<Backend, 'options'>): Readonly<Record<string, unknown>>;
}

/** The drivers that this service has. */
export interface Drivers {
  /** In the order in which they are listed for people. */
  readonly names: readonly string[];
  /** Null for a name that no driver has. */
  find(name: string): DriverFacts | null;
}
export const DRIVERS = Symbol('Drivers');
