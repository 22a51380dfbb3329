import { defaultLimits } from '../kernel/backend/backend.js';
import type { Devices } from '../scheduler/devices.ports.js';
import type { DriverFacts, Drivers } from '../scheduler/drivers.ports.js';
import type { Driver } from './driver.js';
import { checkOptions, withDefaults } from './options.js';

/** What others may ask of these drivers. */
export function driversOf(all: readonly Driver[]): Drivers {
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

/** Only backends of drivers that have devices are looked at; what the options of others say means something else. */
export function devicesOf(all: readonly Driver[], described: Devices): Devices {
  const having = new Set(all.filter(({ device }) => device !== undefined).map(({ name }) => name));
  return { of: (backend) => (having.has(backend.driver) ? described.of(backend) : null) };
}
