import { join } from 'node:path';
import { RunnerPool, type PoolSettings } from '../runners/runner-pool.js';
import type { Driver, DriverPlace } from './driver.js';
import { stalledAfterOf } from './options.js';

interface PythonWorkers extends Pick<PoolSettings, 'describe' | 'urgent' | 'takes'> {
  /** The package below `workers` that is started. */
  readonly module: string;
  /** Variables besides those of the allow-lists. */
  readonly variables: Readonly<Record<string, string>>;
  /** Why there are none, where the configuration names no Python. */
  readonly missing: string;
  /** Known before a worker is up; one that is ready may name more. */
  readonly programs: readonly string[];
  /** How many to keep ready. */
  readonly warm: number;
}

/** Python workers that any job may use, as far as this machine has what they need. */
export function pythonPool(
  { name }: Pick<Driver, 'name'>,
  place: DriverPlace,
  { module, variables, missing, programs, ...settings }: PythonWorkers,
): RunnerPool {
  const { program: command } = place;
  const cwd = join(place.home, 'workers');
  const env = { ...place.environment, PYTHONUNBUFFERED: '1', ...variables };
  return new RunnerPool({
    ...settings,
    worker: command === undefined ? null : { command, args: ['-m', module], cwd, env },
    missing: command === undefined ? missing : null,
    programs: new Map([[name, programs]]),
    progress: (task, step) => place.progressed(task, step),
    stalledAfter: stalledAfterOf,
    patience: { stopped: place.stoppedAfter },
  });
}
