import { seconds, type Millis } from '../time.js';

export const backendStatuses = ['online', 'paused', 'offline'] as const;
/** Only an `online` backend starts jobs; on the others running jobs finish and the rest waits. */
export type BackendStatus = (typeof backendStatuses)[number];

/** The most a session or job may ask for, and what it gets when it does not ask. */
export interface BackendLimits {
  readonly maxTtl: Millis;
  readonly activeTtl: Millis;
  readonly interactiveTtl: { readonly dedicated: Millis; readonly batch: Millis };
  readonly unusedTtl: Millis;
  readonly maxExecutionTime: Millis;
}

/** Something scarce, by name: `slots` of `lanes` each, and the driver that runs its jobs. */
export interface Backend {
  readonly name: string;
  readonly driver: string;
  readonly slots: number;
  readonly lanes: number;
  readonly limits: BackendLimits;
  /** What an expired `interactive_ttl` does to a session here. */
  readonly onIdle: 'deactivate' | 'close';
  readonly status: BackendStatus;
  readonly statusReason: string | null;
  /** Who set the status: the service itself takes a backend offline while its driver cannot run. */
  readonly statusBy: 'operator' | 'service';
  /** Jobs that wait on it, counted as they come and go. */
  readonly queuedJobs: number;
  readonly createdAt: Millis;
  /** The driver's own settings, as configured. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** The defaults (semantics: clocks). */
export const defaultLimits: BackendLimits = {
  maxTtl: seconds(28800),
  activeTtl: seconds(14400),
  interactiveTtl: { dedicated: seconds(60), batch: seconds(60) },
  unusedTtl: seconds(1800),
  maxExecutionTime: seconds(10800),
};
