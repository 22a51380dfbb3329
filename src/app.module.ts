import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Module, ValidationPipe, type DynamicModule, type Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { AdminController } from './admin/admin.controller.js';
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
import { BackendsController } from './dialects/qiskit-runtime/backends.controller.js';
import { EventsController } from './dialects/qiskit-runtime/events.controller.js';
import { IdentityController } from './dialects/qiskit-runtime/identity.controller.js';
import { JobsController } from './dialects/qiskit-runtime/jobs.controller.js';
import { SessionsController } from './dialects/qiskit-runtime/sessions.controller.js';
import { DeviceFiles } from './runners/device-files.js';
import { InterpreterRunners } from './runners/interpreter-runners.js';
import { RunnerPool } from './runners/runner-pool.js';
import { RunnersByDriver } from './runners/runners-by-driver.js';
import { rMissing } from './runners/spark-r.js';
import { seconds } from './kernel/time.js';
import { BackendsService } from './scheduler/backends.service.js';
import { ClockService } from './scheduler/clock.service.js';
import { Commands, SETTINGS, type SchedulerSettings } from './scheduler/commands.service.js';
import { EstimatesService } from './scheduler/estimates.service.js';
import { EventsService } from './scheduler/events.service.js';
import { InstancesService } from './scheduler/instances.service.js';
import { JobsService } from './scheduler/jobs.service.js';
import { LedgerService } from './scheduler/ledger.service.js';
import {
  CLOCK,
  DEVICES,
  IDS,
  INTERPRETERS,
  RUNNERS,
  STORE,
  type Clock,
  type Devices,
  type Interpreters,
  type Runners,
  type Store,
} from './scheduler/ports.js';
import { randomIds } from './scheduler/random-ids.js';
import { ReceiptsService } from './scheduler/receipts.service.js';
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
      ],
      providers: [
        ...ports,
        Commands,
        SessionsService,
        JobsService,
        BackendsService,
        InstancesService,
        ReceiptsService,
        LedgerService,
        EventsService,
        EstimatesService,
        ClockService,
        TokensService,
        ...livyProviders,
        { provide: APP_GUARD, useClass: TokenGuard },
        { provide: APP_FILTER, useClass: ErrorsByPathFilter },
        { provide: APP_PIPE, useValue: new ValidationPipe({ transform: true, whitelist: true }) },
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

/** Runners for each driver, as far as this machine has what they need. */
export function makeRunners(config: Config, devices: Devices) {
  const pool = makePool(config, devices);
  const interpreters = makeInterpreters(config);
  return { pool, interpreters, all: new RunnersByDriver({ aer: pool, spark: interpreters }) };
}

/** Interpreters of Spark sessions. */
function makeInterpreters(config: Config): InterpreterRunners {
  const { spark_python: python, home, data } = config;
  const env = {
    PYTHONUNBUFFERED: '1',
    PYTHONPATH: join(home, 'workers'),
    // Clients read the lines of `toJSON` one by one; Spark's announcement of its next version would be one of them.
    PYTHONWARNINGS: 'ignore:The return type of DataFrame.toJSON:UserWarning',
  };
  const command = (module: string) => ({ command: python ?? '', args: ['-m', module], env });
  const missingR = rMissing(process.env);
  return new InterpreterRunners({
    driver: 'spark',
    commands:
      python === undefined
        ? null
        : { interpreter: command('sparkdriver'), batch: command('sparkdriver.batch') },
    missing: python === undefined ? 'Spark is not installed: see docs/dialects/livy.md' : null,
    root: join(data, 'spark'),
    kindsMissing: missingR === null ? {} : { sparkr: missingR },
  });
}

/** The Python workers that any job may use. */
function makePool(config: Config, devices: Devices): RunnerPool {
  const home = join(config.home, 'workers');
  const worker =
    config.python === undefined
      ? null
      : { command: config.python, args: ['-m', 'jobworker'], cwd: home, env: workerEnvironment() };
  return new RunnerPool({
    worker,
    missing: worker === null ? 'the Python workers are not installed: run npm run quickstart' : null,
    programs: new Map([['aer', aerPrograms]]),
    warm: config.backends.some(({ driver }) => driver === 'aer') ? config.warm_workers : 0,
    describe: (backend) => ({ ...backend.options, ...devices.of(backend) }),
  });
}

export const makeDevices = (config: Config): Devices => new DeviceFiles(join(config.home, 'devices'));
