import { join } from 'node:path';
import { RunnerPool, type PoolSettings } from '../runners/runner-pool.js';
import type { WorkerCommand } from '../runners/runner-process.js';
import type { Driver, DriverPlace } from './driver.js';
import { stalledAfterOf } from './options.js';

interface Workers extends Pick<PoolSettings, 'describe' | 'urgent' | 'takes'> {
  /** How a worker is started; null where this machine lacks what it needs. */
  readonly worker: WorkerCommand | null;
  /** Why there is none then, in a clause. */
  readonly missing: string;
  /** Known before a worker is up; one that is ready may name more. */
  readonly programs: readonly string[];
  /** How many to keep ready; as the operator has it where missing. */
  readonly warm?: number;
}

/** Worker processes that any job of a driver may use (docs/attempt-protocol.md). */
export function workerPool(
  { name }: Pick<Driver, 'name'>,
  place: DriverPlace,
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

/** How a package below `workers` is started with the Python that the configuration names; null where it names none. */
export function pythonWorker(
  { program: command, environment, home }: DriverPlace,
  module: string,
  variables: Readonly<Record<string, string>>,
): WorkerCommand | null {
  if (command === undefined) return null;
  const env = { ...environment, PYTHONUNBUFFERED: '1', ...variables };
  return { command, args: ['-m', module], cwd: join(home, 'workers'), env };
}
