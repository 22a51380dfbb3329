import { seconds, type Millis } from '../time.js';

export const backendStatuses = ['online', 'paused', 'offline'] as const;
/** Only an `online` backend starts jobs. On the others, running jobs finish and queued jobs wait. */
export type BackendStatus = (typeof backendStatuses)[number];

/** The upper limits for sessions and jobs, which are also their defaults. */
export interface BackendLimits {
  readonly maxTtl: Millis;
  readonly activeTtl: Millis;
  readonly interactiveTtl: { readonly dedicated: Millis; readonly batch: Millis };
  readonly unusedTtl: Millis;
  readonly maxExecutionTime: Millis;
}

/** A scarce resource with a name: `slots` slots with `lanes` lanes each, and the driver that runs its jobs. */
export interface Backend {
  readonly name: string;
  readonly driver: string;
  readonly slots: number;
  readonly lanes: number;
  readonly limits: BackendLimits;
  /** What happens to a session on this backend when its `interactive_ttl` expires. */
  readonly onIdle: 'deactivate' | 'close';
  readonly status: BackendStatus;
  readonly statusReason: string | null;
  /** Who set the status. The service takes a backend offline while its driver cannot run. */
  readonly statusBy: 'operator' | 'service';
  /** Number of queued jobs, updated with each change. */
  readonly queuedJobs: number;
  readonly createdAt: Millis;
  /** The driver's options, as configured. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Defaults for the limits of a backend (semantics: clocks). */
export const defaultLimits: BackendLimits = {
  maxTtl: seconds(28800),
  activeTtl: seconds(14400),
  interactiveTtl: { dedicated: seconds(60), batch: seconds(60) },
  unusedTtl: seconds(1800),
  maxExecutionTime: seconds(10800),
};
