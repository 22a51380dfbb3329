import type { Backend } from '../kernel/backend/backend.js';

/** The description of a quantum device for its clients. */
export interface Device {
  readonly configuration: Readonly<Record<string, unknown>>;
  /** Empty if nothing is known. */
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface Devices {
  /** Null if the backend is no quantum device. Throws a Refusal if its description cannot be read. */
  of(backend: Pick<Backend, 'name' | 'driver' | 'options'>): Device | null;
}
export const DEVICES = Symbol('Devices');
