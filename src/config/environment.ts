import { distance } from 'fastest-levenshtein';
import type { DriverKeys } from './driver-keys.js';

type Kind = 'text' | 'number' | 'list';

type Variables = Readonly<Record<string, readonly [key: string, kind: Kind]>>;

/** Each variable overrides a key of the file. A dot separates a key from the key inside it. */
const serviceVariables: Variables = {
  STINT_HOST: ['host', 'text'],
  STINT_PORT: ['port', 'number'],
  STINT_DATA: ['data', 'text'],
  STINT_CLOCK: ['clock', 'text'],
  STINT_ADMIN_TOKEN: ['admin_token', 'text'],
  STINT_ADMIN_TOKEN_FILE: ['admin_token_file', 'text'],
  STINT_SIGNING_KEY_FILE: ['signing_key_file', 'text'],
  STINT_TLS_CERT: ['tls.cert', 'text'],
  STINT_TLS_KEY: ['tls.key', 'text'],
  STINT_TRUSTED_PROXIES: ['trusted_proxies', 'list'],
  STINT_LOG_LEVEL: ['log_level', 'text'],
  STINT_DEFAULT_BACKEND: ['default_backend', 'text'],
};

/** Returns the variables of the service, and those that name the programs of these drivers. */
const variablesOf = (drivers: readonly DriverKeys[]): Variables => ({
  ...serviceVariables,
  ...Object.fromEntries(
    drivers.flatMap(({ program }) =>
      program === undefined ? [] : [[program.variable, [program.key, 'text']]],
    ),
  ),
});

/** The variable that set each top-level key, by key. */
export type Origins = ReadonlyMap<string, string>;

/** Writes the values of the environment into `raw`, the content of the file. Adds mistakes to `mistakes`. */
export function readEnvironment(
  env: NodeJS.ProcessEnv,
  raw: Record<string, unknown>,
  mistakes: string[],
  drivers: readonly DriverKeys[],
): Origins {
  const origins = new Map<string, string>();
  for (const [name, [path, kind]] of Object.entries(variablesOf(drivers))) {
    const value = env[name];
    if (value === undefined || value === '') continue;
    const [key = '', inner] = path.split('.');
    origins.set(key, name);
    if (kind === 'number' && !/^\d+$/.test(value)) {
      mistakes.push(`${name} must be a whole number, not "${value}".`);
      continue;
    }
    const parsed = kind === 'number' ? Number(value) : kind === 'list' ? listOf(value) : value;
    const outer = raw[key];
    raw[key] =
      inner === undefined
        ? parsed
        : { ...(typeof outer === 'object' && outer !== null && outer), [inner]: parsed };
  }
  return origins;
}

const listOf = (value: string): string[] => value.split(/[\s,]+/).filter((part) => part !== '');

/** Returns the largest edit distance at which a known name is suggested: a third of the letters after STINT_. */
const maxDistance = (name: string): number => Math.ceil(name.replace(/^STINT_/, '').length / 3);

/** Returns a warning for each STINT_ variable that is not known. */
export function unknownVariables(env: NodeJS.ProcessEnv, drivers: readonly DriverKeys[]): string[] {
  const known = [...Object.keys(variablesOf(drivers)), 'STINT_CONFIG'];
  const unknown = Object.keys(env).filter((name) => name.startsWith('STINT_') && !known.includes(name));
  return unknown.sort().map((name) => {
    const [nearest] = known
      .map((other) => ({ other, edits: distance(name, other) }))
      .sort((a, b) => a.edits - b.edits);
    const hint =
      nearest !== undefined && nearest.edits <= maxDistance(name)
        ? `Did you mean ${nearest.other}?`
        : `Known are: ${known.join(', ')}.`;
    return `The environment variable ${name} is not known and has no effect. ${hint}`;
  });
}
