import { describe, expect, it } from '@jest/globals';
import { defaultLimits } from '../kernel/backend/backend.js';
import type { Device } from '../scheduler/devices.ports.js';
import type { Driver } from './driver.js';
import { devicesOf, driverRegistry } from './facts.js';
import { count, flag, text } from './options.js';

const noRunners = () => ({ runners: [], close: () => undefined });
const given = (members: Partial<Driver> = {}): Driver => ({
  ...{ name: 'd1', options: {}, programs: [], runners: noRunners },
  ...members,
});

describe('drivers', () => {
  it('are listed in the order in which they were given', () => {
    expect(driverRegistry([given({ name: 'b' }), given({ name: 'a' })]).names).toEqual(['b', 'a']);
  });

  it.each(['d2', 'constructor', ''])('do not include one by the name %j', (name) => {
    expect(driverRegistry([given()]).find(name)).toBeNull();
  });

  it('have defaults for all optional members', () => {
    expect(driverRegistry([given()]).find('d1')).toMatchObject({
      ...{ perSession: false, played: false, programs: [], limits: defaultLimits, needsDevice: false },
    });
  });

  it('without runners have jobs that are played', () => {
    expect(driverRegistry([given({ runners: undefined })]).find('d1')?.played).toBe(true);
  });
});

describe('the options of a backend', () => {
  const options = { name: text, size: { ...count, otherwise: 7 }, fast: { ...flag, otherwise: true } };
  const of = (values: Readonly<Record<string, unknown>>) =>
    driverRegistry([given({ options })])
      .find('d1')
      ?.optionsOf({ options: values });

  it.each([
    [{}, { size: 7, fast: true }],
    [
      { size: null, fast: undefined },
      { size: 7, fast: true },
    ],
    [
      { name: 'x', size: 1, fast: false },
      { name: 'x', size: 1, fast: false },
    ],
  ])('%j are completed to %j', (values, expected) => {
    expect(of(values)).toEqual(expected);
  });

  it('are checked together after each was checked on its own', () => {
    const checkOptions = (backend: string, { size }: Readonly<Record<string, unknown>>) => {
      if (size !== 1) throw new Error(`${backend} has size ${String(size)}`);
    };
    const check = (values: object) => () =>
      driverRegistry([given({ options, checkOptions })])
        .find('d1')
        ?.checkOptions({ name: 'b1', options: { ...values } });
    expect(check({ size: 0 })).toThrow(/size.*a whole number above zero/);
    expect(check({ size: 2 })).toThrow('b1 has size 2');
    expect(check({ size: 1 })).not.toThrow();
  });
});

describe('the device of a backend', () => {
  const device: Device = { configuration: {}, properties: {} };
  const of = (members: Partial<Driver>, driver = 'd1') =>
    devicesOf([given(members)], { of: () => device }).of({ name: 'b1', driver, options: {} });

  it('is returned if its driver has devices', () => {
    expect([of({ device: 'needed' }), of({ device: 'possible' })]).toEqual([device, device]);
  });

  it('is null if its driver has no devices or is unknown', () => {
    expect([of({}), of({ device: 'needed' }, 'd2')]).toEqual([null, null]);
  });
});
