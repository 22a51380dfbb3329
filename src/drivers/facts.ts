import { defaultLimits } from '../kernel/backend/backend.js';
import type { Devices } from '../scheduler/devices.ports.js';
import type { DriverFacts, Drivers } from '../scheduler/drivers.ports.js';
import type { Driver } from './driver.js';
import { checkOptions, withDefaults } from './options.js';

/** Returns the facts about these drivers that the scheduler and the dialects use. */
export function driverRegistry(all: readonly Driver[]): Drivers {
  const facts = new Map(all.map((driver) => [driver.name, factsOf(driver)]));
  return { names: [...facts.keys()], find: (name) => facts.get(name) ?? null };
}

const factsOf = (driver: Driver): DriverFacts => ({
  name: driver.name,
  perSession: driver.perSession === true,
  played: driver.runners === undefined,
  programs: driver.programs,
  limits: driver.limits ?? defaultLimits,
  needsDevice: driver.device === 'needed',
  checkOptions: (backend) => checkOptions(driver, backend),
  optionsOf: ({ options }) => withDefaults(driver.options, options),
});

/** Returns devices only for drivers that have them: other drivers may use the same option names for something else. */
export function devicesOf(all: readonly Driver[], devices: Devices): Devices {
  const withDevices = new Set(all.filter(({ device }) => device !== undefined).map(({ name }) => name));
  return { of: (backend) => (withDevices.has(backend.driver) ? devices.of(backend) : null) };
}
