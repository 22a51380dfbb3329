import type { Backend } from '../kernel/backend/backend.js';
import { Refusal } from '../kernel/refusal.js';

/** What an option of a backend may be. */
export interface Option {
  readonly fits: (value: unknown) => boolean;
  /** What it must be, in the words of a message. */
  readonly must: string;
  /** Its value where the operator sets none. */
  readonly otherwise?: unknown;
}

/** The options of a driver by name, in the order in which people read them. */
export type Options = Readonly<Record<string, Option>>;

export const text: Option = { fits: (value) => typeof value === 'string', must: 'a text' };
export const flag: Option = { fits: (value) => typeof value === 'boolean', must: 'true or false' };
export const object: Option = {
  fits: (value) => typeof value === 'object' && !Array.isArray(value),
  must: 'an object',
};
export const texts: Option = {
  fits: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
  must: 'a list of texts',
};
export const count: Option = {
  fits: (value) => Number.isInteger(value) && Number(value) > 0,
  must: 'a whole number above zero',
};
export const positive: Option = {
  fits: (value) => typeof value === 'number' && value > 0 && value < Infinity,
  must: 'a number above zero',
};

/** For drivers whose backends are quantum devices, or look like some. */
export const deviceOptions: Options = {
  device: { ...text, must: 'the name of a device' },
  configuration: object,
  properties: object,
  noise: flag,
  max_qubits: count,
};

/** For drivers whose programs only compute: what computes uses some processor time in five minutes, however busy the machine is. */
export const computing: Options = {
  stalled_after: {
    fits: (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 1e6,
    must: 'a whole number of seconds, at most 1000000; 0 for no such limit',
    otherwise: 300,
  },
};

/** Milliseconds without processor time after which a job of this backend counts as hung; null: it never does. */
export function stalledAfterOf({ options }: Pick<Backend, 'options'>): number | null {
  const asked = Number(options['stalled_after'] ?? computing['stalled_after']?.otherwise);
  return asked === 0 ? null : asked * 1000;
}

/** A driver, as far as its options are concerned. */
interface WithOptions {
  readonly name: string;
  readonly options: Options;
  checkOptions?(backend: string, options: Readonly<Record<string, unknown>>): void;
}

/** A misspelt option would be ignored, and the backend be another than its operator thinks. Null says as little as nothing. */
export function checkOptions(
  driver: WithOptions,
  { name, options }: Pick<Backend, 'name' | 'options'>,
): void {
  const known = driver.options;
  for (const [key, value] of Object.entries(options)) {
    const option = Object.hasOwn(known, key) ? known[key] : undefined;
    if (option === undefined)
      throw new Refusal('unknown_option', {
        ...{ backend: name, driver: driver.name, option: key, known: Object.keys(known) },
      });
    if (value === undefined || value === null || option.fits(value)) continue;
    throw new Refusal('option_invalid', { backend: name, option: key, must: option.must });
  }
  driver.checkOptions?.(name, options);
}

/** The options, with the driver's own values for those that the operator did not set. */
export function withDefaults(
  known: Options,
  options: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const missing = Object.entries(known).filter(
    ([key, { otherwise }]) => otherwise !== undefined && (options[key] ?? null) === null,
  );
  return { ...options, ...Object.fromEntries(missing.map(([key, { otherwise }]) => [key, otherwise])) };
}
