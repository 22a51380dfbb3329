import { join } from 'node:path';
import type { Config } from './config/config.js';
import { DeviceFiles } from './drivers/device-files.js';
import type { RunnerMiddlewares, Driver, DriverContext } from './drivers/driver.js';
import { devicesOf, driverRegistry } from './drivers/facts.js';
import { makeRunners, type AllRunners } from './drivers/make-runners.js';
import { workerEnvironment } from './drivers/worker-environment.js';
import { seconds } from './kernel/time.js';
import type { Devices } from './scheduler/devices.ports.js';
import type { Drivers } from './scheduler/drivers.ports.js';

/** The drivers of a configuration, with their runners and devices. */
export interface Assembled extends AllRunners {
  readonly drivers: Drivers;
  readonly devices: Devices;
}

/** Creates drivers, runners and devices as configured. Starts no process yet. */
export function assembleDrivers(
  config: Config,
  all: readonly Driver[],
  runnerMiddlewares: RunnerMiddlewares,
): Assembled {
  const devices = devicesOf(all, new DeviceFiles(join(config.home, 'devices')));
  const placeOf = ({ name, program, environment = [] }: Driver): Omit<DriverContext, 'progressed'> => ({
    program: program && config[program.key],
    environment: workerEnvironment(environment, config.worker_environment[name] ?? [], process.env),
    machine: process.env,
    warm: config.warm_workers,
    stoppedAfter: seconds(config.stopped_after),
    home: config.home,
    data: join(config.data, name),
    devices,
  });
  return { ...makeRunners(all, placeOf, runnerMiddlewares), drivers: driverRegistry(all), devices };
}
