import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '../kernel/backend/backend.js';
import { Refusal } from '../kernel/refusal.js';
import type { Device, Devices } from '../scheduler/devices.ports.js';

/**
 * Reads descriptions of quantum devices: from the folder that `options.device` names, which has `configuration.json`
 * and `properties.json`, or else from `options.configuration` and `options.properties`.
 */
export class DeviceFiles implements Devices {
  private readonly cache = new Map<string, Device>();

  constructor(private readonly folder: string) {}

  of(backend: Pick<Backend, 'name' | 'options'>): Device | null {
    const { device, configuration, properties } = backend.options;
    if (typeof device === 'string') return named(backend.name, this.read(backend.name, device));
    if (!isObject(configuration)) return null;
    return named(backend.name, { configuration, properties: isObject(properties) ? properties : {} });
  }

  private read(backend: string, name: string): Device {
    const cached = this.cache.get(name);
    if (cached !== undefined) return cached;
    const names = this.names();
    if (!names.includes(name)) throw new Refusal('unknown_device', { backend, device: name, known: names });
    const configuration = this.parse(backend, name, 'configuration.json');
    const device = { configuration, properties: this.parse(backend, name, 'properties.json') };
    this.cache.set(name, device);
    return device;
  }

  private names(): string[] {
    const isDevice = (name: string) => existsSync(join(this.folder, name, 'configuration.json'));
    return readdirSync(this.folder).filter(isDevice).sort();
  }

  private parse(backend: string, name: string, file: string): Readonly<Record<string, unknown>> {
    try {
      return JSON.parse(readFileSync(join(this.folder, name, file), 'utf8')) as Record<string, unknown>;
    } catch (error) {
      // Node's message would show users of the API a path on this computer.
      const flaw = error instanceof SyntaxError ? error.message : null;
      throw new Refusal('device_unreadable', { backend, device: name, file, flaw });
    }
  }
}

/** Returns a device under the name of a backend. Several backends may use one device. */
const named = (name: string, { configuration, properties }: Device): Device => ({
  configuration: { ...configuration, backend_name: name },
  properties: { ...properties, ...(Object.keys(properties).length > 0 && { backend_name: name }) },
});

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
