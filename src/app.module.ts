import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { AdminController } from './admin/admin.controller.js';
import { RequestValidation } from './admin/request-validation.js';
import { HealthController } from './admin/health.controller.js';
import { SIGNING_KEY } from './auth/signing-key.js';
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
import { aer } from './drivers/aer/driver.js';
import type { Betweens, Driver } from './drivers/driver.js';
import { learner } from './drivers/learner/driver.js';
import { scripted } from './drivers/scripted/driver.js';
import { spark } from './drivers/spark/driver.js';
import { seconds } from './kernel/time.js';
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
import { randomIds } from './scheduler/random-ids.js';
import { ReceiptsService } from './scheduler/receipts.service.js';
import { SharingService } from './scheduler/sharing.service.js';
import { SessionsService } from './scheduler/sessions.service.js';
import { TextsService } from './scheduler/texts.service.js';

/** The drivers, each of which is one folder. Messages list them in this order. */
export const drivers: readonly Driver[] = [scripted, aer, spark, learner];

/** What is made before the application and outlives its parts. */
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
      { provide: DRIVERS, useValue: adapters.drivers },
      { provide: DEVICES, useValue: adapters.devices },
      { provide: DISK, useValue: adapters.disk },
      { provide: SIGNING_KEY, useValue: adapters.signingKey },
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
        TextsService,
        LedgerService,
        KnownNames,
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

const nexosisSettings = ({ data, nexosis }: Config): NexosisSettings => ({
  data,
  bodyLimit: nexosis.body_limit,
  privateHosts: nexosis.private_hosts,
  importHosts: nexosis.import_hosts,
});

/** What stands between the scheduler and the runners of a driver. */
export const betweens = (config: Config, store: Store, clock: Clock): Betweens =>
  new Map([[learner.name, (inner: Runners) => new Learner(inner, store, clock, config.data)]]);
