import type { Backend } from '../kernel/backend/backend.js';

/** What a quantum device looks like to its clients (qiskit-runtime dialect, backend configuration and properties). */
export interface Device {
  readonly configuration: Readonly<Record<string, unknown>>;
  /** Empty where nothing is known. */
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface Devices {
  /** Null for a backend that is no quantum device. Throws a Refusal when its description cannot be read. */
  of(backend: Pick<Backend, 'name' | 'driver' | 'options'>): Device | null;
}
export const DEVICES = Symbol('Devices');
