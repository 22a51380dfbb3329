import { describe, expect, it } from '@jest/globals';
import { refusedWords } from '../../test/support/refused.js';
import { aer } from './aer/driver.js';
import { driverRegistry } from './facts.js';
import { learner } from './learner/driver.js';
import { stalledAfterOf } from './options.js';
import { spark } from './spark/driver.js';

const drivers = driverRegistry([aer, learner, spark]);

const check = (driver: string, options: Readonly<Record<string, unknown>>) => () =>
  drivers.find(driver)?.checkOptions({ name: 'b1', options });

describe('stalled_after', () => {
  it.each([
    [{}, 300_000],
    [{ stalled_after: null }, 300_000],
    [{ stalled_after: 60 }, 60_000],
    [{ stalled_after: 0 }, null],
  ])('%j means %j ms', (options, milliseconds) => {
    expect(check('aer', options)).not.toThrow();
    expect(check('learner', options)).not.toThrow();
    expect(stalledAfterOf({ options })).toBe(milliseconds);
  });

  it.each([-1, 0.5, '60', 1e6 + 1, true])('refuses %j', (stalled_after) => {
    expect(refusedWords(check('aer', { stalled_after }))).toContain(
      'options.stalled_after must be a whole number of seconds',
    );
  });

  it('does not exist for Spark, because its processes may wait for their cluster', () => {
    expect(refusedWords(check('spark', { stalled_after: 60 }))).toContain(
      'options.stalled_after is not known to driver spark.',
    );
  });
});
