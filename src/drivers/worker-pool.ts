import { join } from 'node:path';
import { RunnerPool, type PoolSettings } from '../runners/runner-pool.js';
import type { WorkerCommand } from '../runners/runner-process.js';
import type { Driver, DriverContext } from './driver.js';
import { stalledAfterOf } from './options.js';

interface Workers extends Pick<PoolSettings, 'describe' | 'urgent' | 'takes'> {
  /** The command that starts a worker; null if its program is not installed. */
  readonly worker: WorkerCommand | null;
  /** Why no worker can be started if `worker` is null, as a clause. */
  readonly missing: string;
  /** The programs that are known before a worker has started. A worker may name more when it is ready. */
  readonly programs: readonly string[];
  /** Number of workers to keep ready; absent means the operator's setting. */
  readonly warm?: number;
}

/** Creates a pool of worker processes that any job of a driver may use (docs/attempt-protocol.md). */
export function workerPool(
  { name }: Pick<Driver, 'name'>,
  place: DriverContext,
  { worker, missing, programs, warm = place.warm, ...settings }: Workers,
): RunnerPool {
  return new RunnerPool({
    ...settings,
    ...{ worker, warm },
    missing: worker === null ? missing : null,
    programs: new Map([[name, programs]]),
    progress: (task, step) => place.progressed(task, step),
    stalledAfter: stalledAfterOf,
    patience: { stopped: place.stoppedAfter },
  });
}

/** Returns the command that runs a package below `workers` with the configured Python; null if none is configured. */
export function pythonWorker(
  { program: command, environment, home }: DriverContext,
  module: string,
  variables: Readonly<Record<string, string>>,
): WorkerCommand | null {
  if (command === undefined) return null;
  const env = { ...environment, PYTHONUNBUFFERED: '1', ...variables };
  return { command, args: ['-m', module], cwd: join(home, 'workers'), env };
}
