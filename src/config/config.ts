import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { putBack, readable, setAside } from '../kernel/inherited-names.js';
import { ConfigError, findFile, readYaml } from './config-file.js';
import { ConfigFile, type TlsConfig } from './config.schema.js';
import { wrongFolder } from './data-folder.js';
import { withDriverKeys, type DriverKeys, type ProgramKey } from './driver-keys.js';
import { readEnvironment, unknownVariables, type Origins } from './environment.js';
import { mistakesIn } from './mistakes.js';
import { wrongProxy } from './proxies.js';
import { openSecret, readSecret } from './secrets.js';
import { readTlsPair } from './tls-files.js';

/** The programs of the drivers, by their keys: an absolute path, or a name that is looked up in PATH. */
type Programs = { readonly [key in ProgramKey]?: string };

/** The validated configuration. Paths are absolute, durations have their unit in the name. */
export type Config = Readonly<ConfigFile> &
  Programs & {
    /** Where this configuration was read from; null for environment and defaults alone. */
    readonly source: string | null;
    /** The project's own folder: devices, workers and the example configuration live there. */
    readonly home: string;
    /** What is odd about the configuration and keeps no service from starting; a sentence each. */
    readonly doubts?: readonly string[];
  };

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

/**
 * Reads file and environment; the keys of the drivers are among those of the file. Throws {@link ConfigError} before
 * anything else has started.
 */
export function loadConfig(env: NodeJS.ProcessEnv, home: string, drivers: readonly DriverKeys[]): Config {
  const source = findFile(env['STINT_CONFIG'], home);
  const raw: Record<string, unknown> = source === null ? {} : readYaml(source);
  const wrong: string[] = [];
  const origins = readEnvironment(env, raw, wrong, drivers);
  const made = plainToInstance(withDriverKeys(ConfigFile, drivers), setAside(raw), {
    exposeDefaultValues: true,
  });
  const config = made as ConfigFile & Programs;
  const errors = validateSync(config, { whitelist: true, forbidNonWhitelisted: true });
  // Where it stands is half of what to do about it.
  const from = (key: string, line: string) => `${origins.get(key) ?? source ?? 'default'}: ${line}`;
  wrong.push(
    ...errors.flatMap((error) => mistakesIn(error).map((line) => from(error.property, `${readable(line)}.`))),
  );
  if (wrong.length === 0) wrong.push(...inconsistencies(config).map(([key, line]) => from(key, line)));
  if (wrong.length > 0) throw new ConfigError(wrong);
  const data = resolve(config.data);
  const { tls, token } = readFiles(config, from);
  return {
    ...config,
    backends: config.backends.map((each) => Object.assign(each, { options: putBack(each.options) })),
    data,
    ...(token !== undefined && { admin_token: token }),
    ...(tls !== undefined && { tls }),
    signing_key_file: resolve(config.signing_key_file ?? join(data, 'stint.key')),
    doubts: [...unknownVariables(env, drivers), ...openSecrets(config, origins, source)],
    ...programsOf(config, drivers, home),
    source,
    home,
  };
}

/** Reads what the configuration only names, so that a mistake in it is one of the configuration. */
function readFiles(
  { admin_token_file: file, tls }: ConfigFile,
  from: (key: string, line: string) => string,
): { readonly token?: string; readonly tls?: TlsConfig } {
  const wrong: string[] = [];
  const attempt = <T>(key: string, read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      wrong.push(from(key, (error as Error).message));
      return undefined;
    }
  };
  const found = tls === undefined ? undefined : { cert: resolve(tls.cert), key: resolve(tls.key) };
  if (found !== undefined) attempt('tls', () => readTlsPair(found));
  const token =
    file === undefined
      ? undefined
      : attempt('admin_token_file', () => readSecret('admin_token_file', resolve(file)));
  if (wrong.length > 0) throw new ConfigError(wrong);
  return { ...(token !== undefined && { token }), ...(found !== undefined && { tls: found }) };
}

/** Files with a token in them that other accounts can read. */
function openSecrets(config: ConfigFile, origins: Origins, source: string | null): string[] {
  const { admin_token, admin_token_file, livy } = config;
  const inFile = [
    ...(admin_token !== undefined && !origins.has('admin_token') ? ['admin_token'] : []),
    ...(livy.token !== undefined ? ['livy.token'] : []),
  ];
  const open = [
    ...(admin_token_file === undefined ? [] : [openSecret('The admin token', resolve(admin_token_file))]),
    ...(source === null ? [] : inFile.map((key) => openSecret(`The token of ${key}`, source))),
  ];
  return open.filter((line) => line !== null);
}

function inconsistencies(config: ConfigFile): [key: string, line: string][] {
  const wrong: [string, string][] = [];
  const noFolder = wrongFolder(config.data);
  if (noFolder !== null) wrong.push(['data', `data: ${noFolder}`]);
  if (config.admin_token !== undefined && config.admin_token_file !== undefined)
    wrong.push(['admin_token_file', 'admin_token and admin_token_file exclude each other: keep one.']);
  for (const why of config.trusted_proxies.map(wrongProxy))
    if (why !== null) wrong.push(['trusted_proxies', `trusted_proxies: ${why}.`]);
  if (config.clock === 'virtual' && !loopback.has(config.host)) {
    wrong.push([
      'clock',
      `clock: a virtual clock is for tests and works on loopback only; host is ${config.host}, use 127.0.0.1.`,
    ]);
  }
  const names = config.backends.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) wrong.push(['backends', `backends: ${twice} is configured twice.`]);
  if (config.default_backend !== undefined && !names.includes(config.default_backend) && names.length > 0) {
    wrong.push([
      'default_backend',
      `default_backend: ${config.default_backend} is none of the configured backends (${names.join(', ')}).`,
    ]);
  }
  const { livy } = config;
  if (livy.token !== undefined && livy.anonymous !== undefined)
    wrong.push(['livy', 'livy: token and anonymous exclude each other.']);
  if (livy.anonymous !== undefined && !loopback.has(livy.host)) {
    wrong.push([
      'livy',
      `livy: anonymous is for loopback only; livy.host is ${livy.host}, use 127.0.0.1 or bind a token.`,
    ]);
  }
  if ((livy.token ?? livy.anonymous) !== undefined && livy.port === undefined)
    wrong.push(['livy', 'livy: token and anonymous act on the port of livy.port, which is missing.']);
  return wrong;
}

/** What a start does not fail for, because backends may be added over the API. `known` are those of the database too. */
export function doubtsAbout(
  { backends, default_backend, source }: Pick<Config, 'backends' | 'default_backend' | 'source'>,
  known: readonly string[],
): string[] {
  const add = 'copy some from stint.example.yaml, or add one with POST /api/v1/admin/backends';
  if (known.length === 0) return [`No backend is configured in ${source ?? 'a file'}: ${add}.`];
  if (default_backend === undefined || backends.length > 0 || known.includes(default_backend)) return [];
  return [`default_backend: ${default_backend} is none of the backends here (${known.join(', ')}).`];
}

/** The program of each driver: the one that is named, or the Python of the driver's own environment. */
function programsOf(config: ConfigFile & Programs, drivers: readonly DriverKeys[], home: string): Programs {
  const found = drivers.flatMap(({ program }) => {
    if (program === undefined) return [];
    const named = config[program.key];
    return [[program.key, named === undefined ? ownPython(home, program.environment) : absolute(named)]];
  });
  return Object.fromEntries(found) as Programs;
}

/** Workers run in a folder of their own, so a path must not depend on ours; a plain name is looked up in PATH. */
const absolute = (program: string): string => (/[\\/]/.test(program) ? resolve(program) : program);

/** Of an environment as `npm run quickstart` and `npm run check` make them; undefined where there is none. */
function ownPython(home: string, name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const file = join(home, name, 'bin', 'python');
  return existsSync(file) ? file : undefined;
}
