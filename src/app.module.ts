import { Module, type DynamicModule, type Provider } from '@nestjs/common';
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
import { DIALECTS, type Dialect, type DialectConfig } from './dialects/dialect.js';
import { ErrorsByPathFilter } from './dialects/errors-by-path.filter.js';
import { livy } from './dialects/livy/dialect.js';
import { nexosis } from './dialects/nexosis/dialect.js';
import { Learner } from './dialects/nexosis/answers/learner.js';
import { qiskitRuntime } from './dialects/qiskit-runtime/dialect.js';
import { aer } from './drivers/aer/driver.js';
import type { RunnerMiddlewares, Driver } from './drivers/driver.js';
import { learner } from './drivers/learner/driver.js';
import { scripted } from './drivers/scripted/driver.js';
import { spark } from './drivers/spark/driver.js';
import { BackendsService } from './scheduler/backends.service.js';
import { ClockService } from './scheduler/clock.service.js';
import { Commands, SETTINGS, type SchedulerSettings } from './scheduler/commands.service.js';
import { EstimatesService } from './scheduler/estimates.service.js';
import { DEVICES, type Devices } from './scheduler/devices.ports.js';
import { DISK, type Disk } from './scheduler/disk.ports.js';
import { DRIVERS, type Drivers } from './scheduler/drivers.ports.js';
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
} from './scheduler/ports.js';
import { newProcessMemory } from './scheduler/process-memory.js';
import { PROCESS_MEMORY } from './scheduler/process-memory.ports.js';
import { randomIds } from './scheduler/random-ids.js';
import { ReceiptsService } from './scheduler/receipts.service.js';
import { SharingService } from './scheduler/sharing.service.js';
import { SessionsService } from './scheduler/sessions.service.js';
import { TextsService } from './scheduler/texts.service.js';

/** The drivers. Each is one folder. Messages list them in this order. */
export const drivers: readonly Driver[] = [scripted, aer, spark, learner];

/** The dialects, most specific first. The last one handles every request that no other dialect handles. */
export const dialects: readonly Dialect[] = [nexosis, livy, qiskitRuntime];

/** Returns the part of the configuration that a dialect may read. */
export const dialectConfig = ({ settings }: Dialect, config: Config): DialectConfig => ({
  settings: settings === undefined ? {} : sectionOf(config, settings),
  data: config.data,
});

/** Objects that are created before the application and outlive its modules. */
export interface Adapters {
  readonly store: Store;
  readonly clock: Clock;
  readonly runners: Runners;
  readonly interpreters: Interpreters;
  readonly drivers: Drivers;
  readonly devices: Devices;
  readonly signingKey: Uint8Array;
  readonly disk: Disk;
}

/** Binds adapters to ports; no other file does. */
@Module({})
export class AppModule {
  static with(config: Config, adapters: Adapters, served: readonly Dialect[]): DynamicModule {
    const settings: SchedulerSettings = {
      fairShareWindow: Math.round(config.fair_share_days * 24 * 3600 * 1000),
      defaultBackend: config.default_backend ?? null,
    };
    const ports: Provider[] = [
      { provide: STORE, useValue: adapters.store },
      { provide: CLOCK, useValue: adapters.clock },
      { provide: RUNNERS, useValue: adapters.runners },
      { provide: INTERPRETERS, useValue: adapters.interpreters },
      { provide: DRIVERS, useValue: adapters.drivers },
      { provide: DIALECTS, useValue: served },
      { provide: CREDENTIALS, useValue: served.flatMap(({ credentials }) => credentials ?? []) },
      { provide: DEVICES, useValue: adapters.devices },
      { provide: DISK, useValue: adapters.disk },
      { provide: SIGNING_KEY, useValue: adapters.signingKey },
      { provide: IDS, useValue: randomIds(adapters.clock) },
      { provide: SETTINGS, useValue: settings },
      { provide: PROCESS_MEMORY, useValue: newProcessMemory() },
    ];
    return {
      module: AppModule,
      imports: [ScheduleModule.forRoot()],
      controllers: [HealthController, AdminController, ...served.flatMap(({ controllers }) => controllers)],
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
        ...served.flatMap((each) => each.providers?.(dialectConfig(each, config)) ?? []),
        { provide: APP_GUARD, useClass: TokenGuard },
        { provide: APP_FILTER, useClass: ErrorsByPathFilter },
        { provide: APP_PIPE, useClass: RequestValidation },
      ],
    };
  }
}

/** Returns the wrappers to put between the scheduler and the runners of a driver. */
export const runnerMiddlewares = (config: Config, store: Store, clock: Clock): RunnerMiddlewares =>
  new Map([[learner.name, (inner: Runners) => new Learner(inner, store, clock, config.data)]]);
