import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { unescapeInherited, unescapeInMessage, escapeInherited } from '../kernel/inherited-names.js';
import { ConfigError, findFile, readYaml } from './config-file.js';
import { schemaWithSections, type ConfigFile, type TlsConfig } from './config.schema.js';
import { folderMistake } from './data-folder.js';
import { schemaWithDriverKeys, type DriverKeys, type ProgramKey } from './driver-keys.js';
import { readEnvironment, unknownVariables, type Origins } from './environment.js';
import { mistakesIn } from './mistakes.js';
import { proxyMistake } from './proxies.js';
import { isLoopback, sectionOf, type Section } from './section.js';
import { readableSecretWarning, readSecret } from './secrets.js';
import { readTlsPair } from './tls-files.js';

/** The programs of the drivers by configuration key: an absolute path, or a name that is looked up in PATH. */
type Programs = { readonly [key in ProgramKey]?: string };

/** The validated configuration. Paths are absolute. {@link sectionOf} returns the sections that others add. */
export type Config = Readonly<ConfigFile> &
  Programs & {
    /** The file that this configuration was read from; null if there is only the environment and the defaults. */
    readonly source: string | null;
    /** The project's own folder, with the devices, the workers and the example configuration. */
    readonly home: string;
    /** Warnings about the configuration that do not prevent a start, one sentence each. */
    readonly warnings?: readonly string[];
  };

/** Reads file and environment. The sections and the drivers add their keys. Throws {@link ConfigError} on mistakes. */
export function loadConfig(
  env: NodeJS.ProcessEnv,
  home: string,
  sections: readonly Section[] = [],
  drivers: readonly DriverKeys[] = [],
): Config {
  const source = findFile(env['STINT_CONFIG'], home);
  const raw: Record<string, unknown> = source === null ? {} : readYaml(source);
  const mistakes: string[] = [];
  const origins = readEnvironment(env, raw, mistakes, drivers);
  const File = schemaWithDriverKeys(schemaWithSections(sections), drivers);
  const instance = plainToInstance(File, escapeInherited(raw), { exposeDefaultValues: true });
  const config = instance as ConfigFile & Programs;
  const errors = validateSync(config, { whitelist: true, forbidNonWhitelisted: true });
  const isSection = ({ property }: ValidationError) => sections.some(({ name }) => name === property);
  // List the mistakes in sections last, as in the example file.
  errors.sort((a, b) => Number(isSection(a)) - Number(isSection(b)));
  const withOrigin = (key: string, line: string) => `${origins.get(key) ?? source ?? 'default'}: ${line}`;
  for (const error of errors)
    mistakes.push(
      ...mistakesIn(error).map((line) => withOrigin(error.property, `${unescapeInMessage(line)}.`)),
    );
  if (mistakes.length === 0)
    mistakes.push(...inconsistencies(config, sections).map(([key, line]) => withOrigin(key, line)));
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  const data = resolve(config.data);
  const { tls, token } = readFiles(config, withOrigin);
  return {
    ...config,
    backends: config.backends.map((each) =>
      Object.assign(each, { options: unescapeInherited(each.options) }),
    ),
    data,
    ...(token !== undefined && { admin_token: token }),
    ...(tls !== undefined && { tls }),
    signing_key_file: resolve(config.signing_key_file ?? join(data, 'stint.key')),
    warnings: [...unknownVariables(env, drivers), ...openSecrets(config, sections, origins, source)],
    ...programsOf(config, drivers, home),
    source,
    home,
  };
}

/**
 * Reads the files that the configuration names, so that their mistakes are reported as mistakes in the configuration.
 */
function readFiles(
  { admin_token_file: file, tls }: ConfigFile,
  withOrigin: (key: string, line: string) => string,
): { readonly token?: string; readonly tls?: TlsConfig } {
  const mistakes: string[] = [];
  const attempt = <T>(key: string, read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      mistakes.push(withOrigin(key, (error as Error).message));
      return undefined;
    }
  };
  const paths = tls === undefined ? undefined : { cert: resolve(tls.cert), key: resolve(tls.key) };
  if (paths !== undefined) attempt('tls', () => readTlsPair(paths));
  const token =
    file === undefined
      ? undefined
      : attempt('admin_token_file', () => readSecret('admin_token_file', resolve(file)));
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return { ...(token !== undefined && { token }), ...(paths !== undefined && { tls: paths }) };
}

/** Returns a warning for each file with a token that other accounts can read. */
function openSecrets(
  config: ConfigFile,
  sections: readonly Section[],
  origins: Origins,
  source: string | null,
): string[] {
  const { admin_token, admin_token_file } = config;
  const secretsOf = (section: Section) =>
    (section.secrets?.(sectionOf(config, section)) ?? []).map((key) => `${section.name}.${key}`);
  const inFile = [
    ...(admin_token !== undefined && !origins.has('admin_token') ? ['admin_token'] : []),
    ...sections.flatMap(secretsOf),
  ];
  const open = [
    ...(admin_token_file === undefined
      ? []
      : [readableSecretWarning('The admin token', resolve(admin_token_file))]),
    ...(source === null ? [] : inFile.map((key) => readableSecretWarning(`The token of ${key}`, source))),
  ];
  return open.filter((line) => line !== null);
}

/** Returns the mistakes that no check of a single key finds, each with its key. */
function inconsistencies(config: ConfigFile, sections: readonly Section[]): [key: string, line: string][] {
  const mistakes: [string, string][] = [];
  const noFolder = folderMistake(config.data);
  if (noFolder !== null) mistakes.push(['data', `data: ${noFolder}`]);
  if (config.admin_token !== undefined && config.admin_token_file !== undefined)
    mistakes.push(['admin_token_file', 'admin_token and admin_token_file exclude each other: keep one.']);
  for (const why of config.trusted_proxies.map(proxyMistake))
    if (why !== null) mistakes.push(['trusted_proxies', `trusted_proxies: ${why}.`]);
  if (config.clock === 'virtual' && !isLoopback(config.host)) {
    mistakes.push([
      'clock',
      `clock: a virtual clock is for tests and works on loopback only; host is ${config.host}, use 127.0.0.1.`,
    ]);
  }
  const names = config.backends.map(({ name }) => name);
  const duplicate = names.find((name, i) => names.indexOf(name) !== i);
  if (duplicate !== undefined) mistakes.push(['backends', `backends: ${duplicate} is configured twice.`]);
  if (config.default_backend !== undefined && !names.includes(config.default_backend) && names.length > 0) {
    mistakes.push([
      'default_backend',
      `default_backend: ${config.default_backend} is none of the configured backends (${names.join(', ')}).`,
    ]);
  }
  for (const section of sections)
    for (const line of section.mistakes?.(sectionOf(config, section)) ?? [])
      mistakes.push([section.name, line]);
  return mistakes;
}

/**
 * Returns warnings about missing backends. They do not prevent a start, because backends may be added over the API.
 * `known` are the names of all stored backends.
 */
export function backendWarnings(
  { backends, default_backend, source }: Pick<Config, 'backends' | 'default_backend' | 'source'>,
  known: readonly string[],
): string[] {
  const add = 'copy some from stint.example.yaml, or add one with POST /api/v1/admin/backends';
  if (known.length === 0) return [`No backend is configured in ${source ?? 'a file'}: ${add}.`];
  if (default_backend === undefined || backends.length > 0 || known.includes(default_backend)) return [];
  return [`default_backend: ${default_backend} is none of the backends here (${known.join(', ')}).`];
}

/** Returns the program of each driver: the configured one, or the Python of the driver's own environment. */
function programsOf(config: ConfigFile & Programs, drivers: readonly DriverKeys[], home: string): Programs {
  const programs = drivers.flatMap(({ program }) => {
    if (program === undefined) return [];
    const configured = config[program.key];
    const path = configured === undefined ? ownPython(home, program.environment) : absolute(configured);
    return [[program.key, path]];
  });
  return Object.fromEntries(programs) as Programs;
}

/** Makes a path absolute, because workers run in another folder. A plain name stays: it is looked up in PATH. */
const absolute = (program: string): string => (/[\\/]/.test(program) ? resolve(program) : program);

/**
 * Returns the path of Python in an environment made by `npm run quickstart` or `npm run check`; undefined if it is missing.
 */
function ownPython(home: string, name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const file = join(home, name, 'bin', 'python');
  return existsSync(file) ? file : undefined;
}
