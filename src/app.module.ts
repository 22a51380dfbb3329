import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { AdminController } from './admin/admin.controller.js';
import { RequestValidation } from './admin/request-validation.js';
import { HealthController } from './admin/health.controller.js';
import { TokenGuard } from './auth/token.guard.js';
import { TokensService } from './auth/tokens.service.js';
import type { Config } from './config/config.js';
import { ErrorsByPathFilter } from './dialects/errors-by-path.filter.js';
import {
  livyControllers,
  livyProviders,
  LIVY_SETTINGS,
  type LivySettings,
} from './dialects/livy/livy.parts.js';
import { Learner } from './dialects/nexosis/learner.js';
import { nexosisControllers, nexosisProviders } from './dialects/nexosis/parts.js';
import { NEXOSIS, type NexosisSettings } from './dialects/nexosis/settings.js';
import { BackendsController } from './dialects/qiskit-runtime/backends.controller.js';
import { EventsController } from './dialects/qiskit-runtime/events.controller.js';
import { IdentityController } from './dialects/qiskit-runtime/identity.controller.js';
import { JobsController } from './dialects/qiskit-runtime/jobs.controller.js';
import { SessionsController } from './dialects/qiskit-runtime/sessions.controller.js';
import { DeviceFiles } from './runners/device-files.js';
import { rMissing } from './runners/r-installation.js';
import { InterpreterRunners } from './runners/interpreter-runners.js';
import { RunnerPool, type PoolSettings } from './runners/runner-pool.js';
import { RunnersByDriver } from './runners/runners-by-driver.js';
import { seconds } from './kernel/time.js';
import { BackendsService } from './scheduler/backends.service.js';
import { ClockService } from './scheduler/clock.service.js';
import { Commands, SETTINGS, type SchedulerSettings } from './scheduler/commands.service.js';
import { EstimatesService } from './scheduler/estimates.service.js';
import { DEVICES, type Devices } from './scheduler/devices.ports.js';
import { EventsService } from './scheduler/events.service.js';
import { InstancesService } from './scheduler/instances.service.js';
import { JobsService } from './scheduler/jobs.service.js';
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
} from './scheduler/ports.js';
import { randomIds } from './scheduler/random-ids.js';
import { ReceiptsService } from './scheduler/receipts.service.js';
import { SharingService } from './scheduler/sharing.service.js';
import { SessionsService } from './scheduler/sessions.service.js';

/** What is made before the application and outlives its parts. */
export interface Adapters {
  readonly store: Store;
  readonly clock: Clock;
  readonly runners: Runners;
  readonly interpreters: Interpreters;
  readonly devices: Devices;
}

/** The only file where ports meet adapters. */
@Module({})
export class AppModule {
  static with(config: Config, adapters: Adapters): DynamicModule {
    const settings: SchedulerSettings = {
      window: Math.round(config.fair_share_days * 24 * 3600 * 1000),
      defaultBackend: config.default_backend ?? null,
    };
    const livy: LivySettings = {
      backend: config.livy.backend ?? null,
      retain: seconds(config.livy.state_retain),
    };
    const ports: Provider[] = [
      { provide: STORE, useValue: adapters.store },
      { provide: CLOCK, useValue: adapters.clock },
      { provide: RUNNERS, useValue: adapters.runners },
      { provide: INTERPRETERS, useValue: adapters.interpreters },
      { provide: LIVY_SETTINGS, useValue: livy },
      { provide: DEVICES, useValue: adapters.devices },
      { provide: IDS, useValue: randomIds(adapters.clock) },
      { provide: SETTINGS, useValue: settings },
    ];
    return {
      module: AppModule,
      imports: [ScheduleModule.forRoot()],
      controllers: [
        HealthController,
        AdminController,
        IdentityController,
        BackendsController,
        SessionsController,
        JobsController,
        EventsController,
        ...livyControllers,
        ...nexosisControllers,
      ],
      providers: [
        ...ports,
        Commands,
        SessionsService,
        JobsService,
        BackendsService,
        InstancesService,
        ReceiptsService,
        SharingService,
        LedgerService,
        EventsService,
        EstimatesService,
        ClockService,
        TokensService,
        ...livyProviders,
        { provide: NEXOSIS, useValue: nexosisSettings(config) },
        ...nexosisProviders,
        { provide: APP_GUARD, useClass: TokenGuard },
        { provide: APP_FILTER, useClass: ErrorsByPathFilter },
        { provide: APP_PIPE, useClass: RequestValidation },
      ],
    };
  }
}

/** Several workers share the cores: one that simulates something large must leave some for the others. */
const workerEnvironment = () => ({
  PYTHONUNBUFFERED: '1',
  OMP_NUM_THREADS: String(Math.max(1, Math.floor(availableParallelism() / 2))),
});

const aerPrograms = ['sampler', 'estimator', 'executor'];

const learnerPrograms = ['forecast', 'impact', 'regression', 'classification', 'anomalies', 'predict'];

const nexosisSettings = ({ data, nexosis }: Config): NexosisSettings => ({
  data,
  bodyLimit: nexosis.body_limit,
  privateHosts: nexosis.private_hosts,
  importHosts: nexosis.import_hosts,
});

/** Interpreters of Spark sessions. */
function makeInterpreters(config: Config): InterpreterRunners {
  const { spark_python: python, home, data } = config;
  const env = {
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
    kindMissing: (kind, { plain_r: plain }) =>
      kind === 'sparkr' ? rMissing(process.env, python, plain === true) : null,
  });
}

/** The runners of all drivers, and what they need done before the first job and after the last. */
export interface AllRunners {
  readonly runners: Runners;
  readonly interpreters: InterpreterRunners;
  warmUp(): Promise<void>;
  close(): Promise<void>;
}

/** The Python workers, as far as this machine has what they need. */
export function makeRunners(config: Config, devices: Devices, store: Store, clock: Clock): AllRunners {
  const has = (driver: string) => config.backends.some((backend) => backend.driver === driver);
  const aer = makePool(config.python, 'jobworker', {
    missing: 'the Python workers are not installed: run npm run quickstart',
    programs: new Map([['aer', aerPrograms]]),
    warm: has('aer') ? config.warm_workers : 0,
    describe: (backend) => ({ ...backend.options, ...devices.of(backend) }),
    home: config.home,
    env: workerEnvironment(),
  });
  const learn: RunnerPool = makePool(config.learner_python, 'learner', {
    missing: 'its Python environment .venv-learn is not installed: see docs/dialects/nexosis.md',
    programs: new Map([['learner', learnerPrograms]]),
    // One more, so that a prediction finds a worker ready while a session has the other.
    warm: has('learner') && config.warm_workers > 0 ? config.warm_workers + 1 : 0,
    describe: () => ({}),
    progress: (task, step) => learner.progressed(task, step),
    home: config.home,
    // More threads may change the last digits, and the same data is to give the same answer.
    env: { ...workerEnvironment(), OMP_NUM_THREADS: '1' },
  });
  const learner: Learner = new Learner(learn, store, clock, config.data);
  const interpreters = makeInterpreters(config);
  return {
    runners: new RunnersByDriver({ aer, learner, spark: interpreters }),
    interpreters,
    async warmUp() {
      await learner.ready;
      aer.warmUp();
      learn.warmUp();
    },
    async close() {
      learner.close();
      await Promise.all([aer.close(), learn.close()]);
    },
  };
}

interface PoolOf extends Pick<PoolSettings, 'programs' | 'warm' | 'describe' | 'progress'> {
  readonly missing: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
}

function makePool(
  python: string | undefined,
  module: string,
  { missing, home, env, ...settings }: PoolOf,
): RunnerPool {
  const cwd = join(home, 'workers');
  const worker = python === undefined ? null : { command: python, args: ['-m', module], cwd, env };
  return new RunnerPool({ ...settings, worker, missing: worker === null ? missing : null });
}

export const makeDevices = (config: Config): Devices => new DeviceFiles(join(config.home, 'devices'));
