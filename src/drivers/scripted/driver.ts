import type { Driver } from '../driver.js';
import { deviceOptions } from '../options.js';

/**
 * Jobs without a process: the scheduler ends each job after the time in its params. Use it to try out limits and to
 * test client software. A backend may imitate a quantum device.
 */
export const scripted: Driver = {
  name: 'scripted',
  options: deviceOptions,
  programs: ['scripted'],
  device: 'possible',
};
