import { distance } from 'fastest-levenshtein';
import type { DriverKeys } from './driver-keys.js';

type Kind = 'text' | 'number' | 'list';

type Variables = Readonly<Record<string, readonly [key: string, kind: Kind]>>;

/** Each variable is also a key of the file; the environment wins. A dot leads to a key in a key. */
const ofEveryService: Variables = {
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

/** The variables of the service, and those that name the programs of these drivers. */
const variablesOf = (drivers: readonly DriverKeys[]): Variables => ({
  ...ofEveryService,
  ...Object.fromEntries(
    drivers.flatMap(({ program }) =>
      program === undefined ? [] : [[program.variable, [program.key, 'text']]],
    ),
  ),
});

/** Which variable each key at the top of the file comes from. */
export type Origins = ReadonlyMap<string, string>;

/** Puts what the environment says into `raw`, the content of the file. Mistakes are added to `wrong`. */
export function readEnvironment(
  env: NodeJS.ProcessEnv,
  raw: Record<string, unknown>,
  wrong: string[],
  drivers: readonly DriverKeys[],
): Origins {
  const origins = new Map<string, string>();
  for (const [name, [path, kind]] of Object.entries(variablesOf(drivers))) {
    const value = env[name];
    if (value === undefined || value === '') continue;
    const [key = '', inner] = path.split('.');
    origins.set(key, name);
    if (kind === 'number' && !/^\d+$/.test(value)) {
      wrong.push(`${name} must be a whole number, not "${value}".`);
      continue;
    }
    const read = kind === 'number' ? Number(value) : kind === 'list' ? listOf(value) : value;
    const outer = raw[key];
    raw[key] =
      inner === undefined
        ? read
        : { ...(typeof outer === 'object' && outer !== null && outer), [inner]: read };
  }
  return origins;
}

const listOf = (value: string): string[] => value.split(/[\s,]+/).filter((part) => part !== '');

/** STINT_ is common to all. Of what stands behind it a third may be other letters: with more it is another name. */
const farthest = (name: string): number => Math.ceil(own(name).length / 3);
const own = (name: string): string => name.replace(/^STINT_/, '');

/** A sentence for each variable that looks like ours and means nothing. */
export function unknownVariables(env: NodeJS.ProcessEnv, drivers: readonly DriverKeys[]): string[] {
  const known = [...Object.keys(variablesOf(drivers)), 'STINT_CONFIG'];
  const unknown = Object.keys(env).filter((name) => name.startsWith('STINT_') && !known.includes(name));
  return unknown.sort().map((name) => {
    const [nearest] = known
      .map((other) => ({ other, far: distance(name, other) }))
      .sort((a, b) => a.far - b.far);
    const hint =
      nearest !== undefined && nearest.far <= farthest(name)
        ? `Did you mean ${nearest.other}?`
        : `Known are: ${known.join(', ')}.`;
    return `The environment variable ${name} is not known and has no effect. ${hint}`;
  });
}
