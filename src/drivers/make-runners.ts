import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { workerEnvironment } from './worker-environment.js';
import { Learner } from '../dialects/nexosis/learner.js';
import { seconds } from '../kernel/time.js';
import { DeviceFiles } from './device-files.js';
import { InterpreterRunners } from '../runners/interpreter-runners.js';
import { tellsOfProcesses } from '../runners/process-table.js';
import { rMissing } from './spark/r-installation.js';
import { RunnerPool, type PoolSettings, type Progress } from '../runners/runner-pool.js';
import { RunnersByDriver } from '../runners/runners-by-driver.js';
import { stalledAfterOf } from './options.js';
import type { Devices } from '../scheduler/devices.ports.js';
import type { Clock, Runners, Store, Task } from '../scheduler/ports.js';

/**
 * What a pooled worker is given. Several share the cores: one that simulates something large must leave some for the others.
 * A learner has one thread: more may change the last digits, and the same data is to give the same answer.
 */
const environmentOf = (driver: 'aer' | 'learner', config: Config): Record<string, string> => ({
  ...workerEnvironment(driver, config.worker_environment[driver]),
  PYTHONUNBUFFERED: '1',
  OMP_NUM_THREADS: driver === 'aer' ? String(Math.max(1, Math.floor(availableParallelism() / 2))) : '1',
});

/** Known before a worker is up; one that is ready may name more. */
const aerPrograms = ['sampler', 'estimator', 'executor'];

const learnerPrograms = ['forecast', 'impact', 'regression', 'classification', 'anomalies'];

/** Interpreters of Spark sessions. */
function makeInterpreters(config: Config): InterpreterRunners {
  const { spark_python: python, home, data } = config;
  const env = {
    ...workerEnvironment('spark', config.worker_environment.spark),
    PYTHONUNBUFFERED: '1',
    PYTHONPATH: join(home, 'workers'),
  };
  const command = (module: string) => ({ command: python ?? '', args: ['-m', module], env });
  return new InterpreterRunners({
    driver: 'spark',
    commands:
      python === undefined
        ? null
        : { interpreter: command('sparkdriver'), batch: command('sparkdriver.batch') },
    missing: python === undefined ? 'Spark is not installed: see docs/dialects/livy.md' : null,
    root: join(data, 'spark'),
    patience: { stopped: seconds(config.stopped_after) },
    kindMissing: (kind, { plain_r: plain }) =>
      kind === 'sparkr' ? rMissing(process.env, python, plain === true) : null,
  });
}

/** The runners of all drivers, and what they need done before the first job and after the last. */
export interface AllRunners {
  readonly runners: Runners;
  readonly interpreters: InterpreterRunners;
  /** Starts what is to be ready before the first job of these drivers. */
  warmUp(drivers: ReadonlySet<string>): Promise<void>;
  close(): Promise<void>;
}

/** The Python workers, as far as this machine has what they need. */
export function makeRunners(config: Config, devices: Devices, store: Store, clock: Clock): AllRunners {
  const aer = makePool(config, 'aer', {
    python: config.python,
    missing: 'the Python workers are not installed: run npm run quickstart',
    programs: aerPrograms,
    warm: config.warm_workers,
    describe: (backend) => ({ ...backend.options, ...devices.of(backend) }),
  });
  const forLearner = {
    python: config.learner_python,
    missing: 'its Python environment .venv-learn is not installed: see docs/dialects/nexosis.md',
    describe: () => ({}),
    progress: (task: Task, step: Progress) => learner.progressed(task, step),
  };
  const learn = makePool(config, 'learner', {
    ...forLearner,
    programs: learnerPrograms,
    takes: (program) => program !== 'predict',
    warm: config.warm_workers,
  });
  // Somebody waits for a prediction: a worker of its own is ready for it, whatever sessions calculate.
  const predict = makePool(config, 'learner', {
    ...forLearner,
    programs: ['predict'],
    takes: (program) => program === 'predict',
    warm: Math.min(1, config.warm_workers),
    urgent: true,
  });
  const learners = new RunnersByDriver({ learner: [predict, learn] });
  const learner: Learner = new Learner(learners, store, clock, config.data);
  const interpreters = makeInterpreters(config);
  if (!tellsOfProcesses()) {
    const words = 'This system has no /proc: a stopped or hung worker is noticed at max_execution_time only.';
    new Logger('Runners').warn(words);
  }
  return {
    runners: new RunnersByDriver({ aer, learner, spark: interpreters }),
    interpreters,
    async warmUp(drivers) {
      await learner.ready;
      if (drivers.has('learner')) predict.warmUp();
      if (drivers.has('aer')) aer.warmUp();
      if (drivers.has('learner')) learn.warmUp();
    },
    async close() {
      learner.close();
      await Promise.all([aer.close(), learn.close(), predict.close()]);
    },
  };
}

interface PoolOf extends Pick<PoolSettings, 'warm' | 'describe' | 'progress' | 'urgent' | 'takes'> {
  readonly python: string | undefined;
  readonly missing: string;
  readonly programs: readonly string[];
}

const modules = { aer: 'jobworker', learner: 'learner' } as const;

function makePool(
  config: Config,
  driver: keyof typeof modules,
  { python, missing, programs, ...settings }: PoolOf,
): RunnerPool {
  const cwd = join(config.home, 'workers');
  const env = environmentOf(driver, config);
  const worker = python === undefined ? null : { command: python, args: ['-m', modules[driver]], cwd, env };
  return new RunnerPool({
    ...settings,
    worker,
    missing: worker === null ? missing : null,
    programs: new Map([[driver, programs]]),
    stalledAfter: stalledAfterOf,
    patience: { stopped: seconds(config.stopped_after) },
  });
}

export const makeDevices = (config: Config): Devices => new DeviceFiles(join(config.home, 'devices'));
