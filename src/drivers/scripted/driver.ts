import type { Driver } from '../driver.js';
import { deviceOptions } from '../options.js';

/**
 * Jobs without a process: the scheduler ends each after the time that its params say. For trying limits, and for tests of
 * client software. A backend may look like a quantum device, to try things on.
 */
export const scripted: Driver = {
  name: 'scripted',
  options: deviceOptions,
  programs: ['scripted'],
  device: 'possible',
};
