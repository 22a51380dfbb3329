import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Logger, Module, type DynamicModule, type Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { AdminController } from './admin/admin.controller.js';
import { RequestValidation } from './admin/request-validation.js';
import { HealthController } from './admin/health.controller.js';
import { CREDENTIALS } from './auth/credentials.js';
import { SIGNING_KEY } from './auth/signing-key.js';
import { TokenGuard } from './auth/token.guard.js';
import { TokensService } from './auth/tokens.service.js';
import type { Config } from './config/config.js';
import { sectionOf } from './config/section.js';
import { workerEnvironment } from './config/worker-environment.js';
import { DIALECTS, type Dialect, type Own } from './dialects/dialect.js';
import { ErrorsByPathFilter } from './dialects/errors-by-path.filter.js';
import { livy } from './dialects/livy/dialect.js';
import { nexosis } from './dialects/nexosis/dialect.js';
import { Learner } from './dialects/nexosis/answers/learner.js';
import { qiskitRuntime } from './dialects/qiskit-runtime/dialect.js';
import { DeviceFiles } from './runners/device-files.js';
import { rMissing } from './runners/r-installation.js';
import { InterpreterRunners } from './runners/interpreter-runners.js';
import { RunnerPool, type PoolSettings, type Progress } from './runners/runner-pool.js';
import { tellsOfProcesses } from './runners/process-table.js';
import { RunnersByDriver } from './runners/runners-by-driver.js';
import { seconds } from './kernel/time.js';
import { stalledAfterOf } from './scheduler/backend-options.js';
import { BackendsService } from './scheduler/backends.service.js';
import { ClockService } from './scheduler/clock.service.js';
import { Commands, SETTINGS, type SchedulerSettings } from './scheduler/commands.service.js';
import { EstimatesService } from './scheduler/estimates.service.js';
import { DEVICES, type Devices } from './scheduler/devices.ports.js';
import { DISK, type Disk } from './scheduler/disk.ports.js';
import { EventsService } from './scheduler/events.service.js';
import { InstancesService } from './scheduler/instances.service.js';
import { JobsService } from './scheduler/jobs.service.js';
import { KnownNames } from './scheduler/known-names.service.js';
import { LedgerService } from './scheduler/ledger.service.js';
import {
  CLOCK,
  IDS,
  INTERPRETERS,
  RUNNERS,
  STORE,
  type Clock,
  type Interpreters,
  type Runners,
  type Store,
  type Task,
} from './scheduler/ports.js';
import { randomIds } from './scheduler/random-ids.js';
import { ReceiptsService } from './scheduler/receipts.service.js';
import { SharingService } from './scheduler/sharing.service.js';
import { SessionsService } from './scheduler/sessions.service.js';
import { TextsService } from './scheduler/texts.service.js';

/**
 * The wire protocols that are spoken here, the most special first: the last one answers wherever no other does.
 */
export const dialects: readonly Dialect[] = [nexosis, livy, qiskitRuntime];

/** What one dialect is told of the configuration. */
export const ownOf = ({ settings }: Dialect, config: Config): Own => ({
  settings: settings === undefined ? {} : sectionOf(config, settings),
  data: config.data,
});

/** What is made before the application and outlives its parts. */
export interface Adapters {
  readonly store: Store;
  readonly clock: Clock;
  readonly runners: Runners;
  readonly interpreters: Interpreters;
  readonly devices: Devices;
  readonly signingKey: Uint8Array;
  readonly disk: Disk;
}

/** The only file where ports meet adapters. */
@Module({})
export class AppModule {
  static with(config: Config, adapters: Adapters, spoken: readonly Dialect[]): DynamicModule {
    const settings: SchedulerSettings = {
      window: Math.round(config.fair_share_days * 24 * 3600 * 1000),
      defaultBackend: config.default_backend ?? null,
    };
    const ports: Provider[] = [
      { provide: STORE, useValue: adapters.store },
      { provide: CLOCK, useValue: adapters.clock },
      { provide: RUNNERS, useValue: adapters.runners },
      { provide: INTERPRETERS, useValue: adapters.interpreters },
      { provide: DIALECTS, useValue: spoken },
      { provide: CREDENTIALS, useValue: spoken.flatMap(({ credentials }) => credentials ?? []) },
      { provide: DEVICES, useValue: adapters.devices },
      { provide: DISK, useValue: adapters.disk },
      { provide: SIGNING_KEY, useValue: adapters.signingKey },
      { provide: IDS, useValue: randomIds(adapters.clock) },
      { provide: SETTINGS, useValue: settings },
    ];
    return {
      module: AppModule,
      imports: [ScheduleModule.forRoot()],
      controllers: [HealthController, AdminController, ...spoken.flatMap(({ controllers }) => controllers)],
      providers: [
        ...ports,
        Commands,
        SessionsService,
        JobsService,
        BackendsService,
        InstancesService,
        ReceiptsService,
        SharingService,
        TextsService,
        LedgerService,
        KnownNames,
        EventsService,
        EstimatesService,
        ClockService,
        TokensService,
        ...spoken.flatMap((each) => each.providers?.(ownOf(each, config)) ?? []),
        { provide: APP_GUARD, useClass: TokenGuard },
        { provide: APP_FILTER, useClass: ErrorsByPathFilter },
        { provide: APP_PIPE, useClass: RequestValidation },
      ],
    };
  }
}

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
