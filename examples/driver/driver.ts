import { join } from 'node:path';
import type { Driver } from '../../src/drivers/driver.js';
import { computeOptions, count, withDefaults, type Options } from '../../src/drivers/options.js';
import { workerPool } from '../../src/drivers/worker-pool.js';

const options: Options = {
  /** The most numbers that one job may have. */
  most_numbers: { ...count, otherwise: 1000 },
  ...computeOptions,
};

/** An example of a driver, whose jobs add numbers. docs/drivers.md explains it. */
export const adder: Driver = {
  name: 'adder',
  environment: [],
  options,
  // Workers list their programs when they are ready.
  programs: [],
  runners(place) {
    const pool = workerPool(adder, place, {
      worker: {
        command: process.execPath,
        args: [join(place.home, 'examples', 'driver', 'worker.mjs')],
        cwd: place.home,
        env: place.environment,
      },
      missing: 'nothing',
      programs: adder.programs,
      describe: (backend) => withDefaults(options, backend.options),
    });
    return { runners: [pool], warmUp: () => pool.warmUp(), close: () => pool.close() };
  },
};
