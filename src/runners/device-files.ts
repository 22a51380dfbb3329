import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '../kernel/backend/backend.js';
import { Refusal } from '../kernel/refusal.js';
import type { Device, Devices } from '../scheduler/devices.ports.js';

/**
 * Descriptions of quantum devices: `options.device` names a folder with `configuration.json` and `properties.json`, or
 * `options.configuration` and `options.properties` hold them.
 */
export class DeviceFiles implements Devices {
  private readonly known = new Map<string, Device>();

  constructor(private readonly folder: string) {}

  of(backend: Pick<Backend, 'name' | 'options'>): Device | null {
    const { device, configuration, properties } = backend.options;
    if (typeof device === 'string') return named(backend.name, this.read(device));
    if (!isObject(configuration)) return null;
    return named(backend.name, { configuration, properties: isObject(properties) ? properties : {} });
  }

  private read(name: string): Device {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(name))
      throw new Refusal('invalid_value', `${name} is no name of a device.`);
    const parse = (file: string) =>
      JSON.parse(readFileSync(join(this.folder, name, file), 'utf8')) as Readonly<Record<string, unknown>>;
    try {
      const device = { configuration: parse('configuration.json'), properties: parse('properties.json') };
      this.known.set(name, device);
      return device;
    } catch (error) {
      throw new Refusal(
        'invalid_value',
        `Device ${name} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}

/** Several backends may be made after one device; each goes by its own name. */
const named = (name: string, { configuration, properties }: Device): Device => ({
  configuration: { ...configuration, backend_name: name },
  properties: { ...properties, ...(Object.keys(properties).length > 0 && { backend_name: name }) },
});

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
