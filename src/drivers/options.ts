import type { Backend } from '../kernel/backend/backend.js';
import { Refusal } from '../kernel/refusal.js';

/** The check and the default of one backend option. */
export interface Option {
  readonly fits: (value: unknown) => boolean;
  /** A valid value in words, which follows "must be" in messages. */
  readonly must: string;
  /** The default value. */
  readonly otherwise?: unknown;
}

/** The options of a driver by name, in the order in which messages list them. */
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

/** Options of drivers whose backends are quantum devices or imitate them. */
export const deviceOptions: Options = {
  device: { ...text, must: 'the name of a device' },
  configuration: object,
  properties: object,
  noise: flag,
  max_qubits: count,
};

/**
 * Options of drivers whose programs only compute. Such a program uses some processor time in any five minutes, however
 * busy the machine is.
 */
export const computeOptions: Options = {
  stalled_after: {
    fits: (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 1e6,
    must: 'a whole number of seconds, at most 1000000; 0 for no such limit',
    otherwise: 300,
  },
};

/**
 * Returns after how many milliseconds without processor time a job of this backend counts as hung; null means never.
 */
export function stalledAfterOf({ options }: Pick<Backend, 'options'>): number | null {
  const limit = Number(options['stalled_after'] ?? computeOptions['stalled_after']?.otherwise);
  return limit === 0 ? null : limit * 1000;
}

/** The members of a driver that its options need. */
interface WithOptions {
  readonly name: string;
  readonly options: Options;
  checkOptions?(backend: string, options: Readonly<Record<string, unknown>>): void;
}

/**
 * Throws a Refusal for unknown or invalid options, so that no misspelt option is silently ignored. Null means absent.
 */
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

/** Returns the options, completed by the driver's defaults. */
export function withDefaults(
  known: Options,
  options: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const missing = Object.entries(known).filter(
    ([key, { otherwise }]) => otherwise !== undefined && (options[key] ?? null) === null,
  );
  return { ...options, ...Object.fromEntries(missing.map(([key, { otherwise }]) => [key, otherwise])) };
}
