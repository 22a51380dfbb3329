import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { putBack, readable, setAside } from '../kernel/inherited-names.js';
import { ConfigError, findFile, readYaml } from './config-file.js';
import { ConfigFile } from './config.schema.js';
import { mistakesIn } from './mistakes.js';

/** The validated configuration. Paths are absolute, durations have their unit in the name. */
export type Config = Readonly<ConfigFile> & {
  /** Where this configuration was read from; null for environment and defaults alone. */
  readonly source: string | null;
  /** The project's own folder: devices, workers and the example configuration live there. */
  readonly home: string;
};

/** Each variable is also a key of the file; the environment wins. */
const variables = {
  STINT_HOST: ['host', 'text'],
  STINT_PORT: ['port', 'number'],
  STINT_DATA: ['data', 'text'],
  STINT_CLOCK: ['clock', 'text'],
  STINT_ADMIN_TOKEN: ['admin_token', 'text'],
  STINT_LOG_LEVEL: ['log_level', 'text'],
  STINT_PYTHON: ['python', 'text'],
  STINT_SPARK_PYTHON: ['spark_python', 'text'],
  STINT_LEARNER_PYTHON: ['learner_python', 'text'],
  STINT_DEFAULT_BACKEND: ['default_backend', 'text'],
} as const;

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

/** Reads file and environment. Throws {@link ConfigError} before anything else has started. */
export function loadConfig(env: NodeJS.ProcessEnv, home: string): Config {
  const source = findFile(env['STINT_CONFIG'], home);
  const raw: Record<string, unknown> = source === null ? {} : readYaml(source);
  const wrong: string[] = [];
  const origins = new Map<string, string>();
  for (const [name, [key, kind]] of Object.entries(variables)) {
    const value = env[name];
    if (value === undefined || value === '') continue;
    origins.set(key, name);
    if (kind === 'number' && !/^\d+$/.test(value))
      wrong.push(`${name} must be a whole number, not "${value}".`);
    else raw[key] = kind === 'number' ? Number(value) : value;
  }
  const config = plainToInstance(ConfigFile, setAside(raw), { exposeDefaultValues: true });
  const errors = validateSync(config, { whitelist: true, forbidNonWhitelisted: true });
  // Where it stands is half of what to do about it.
  const from = (key: string, line: string) => `${origins.get(key) ?? source ?? 'default'}: ${line}`;
  wrong.push(
    ...errors.flatMap((error) => mistakesIn(error).map((line) => from(error.property, `${readable(line)}.`))),
  );
  if (wrong.length === 0) wrong.push(...inconsistencies(config).map(([key, line]) => from(key, line)));
  if (wrong.length > 0) throw new ConfigError(wrong);
  return {
    ...config,
    backends: config.backends.map((each) => Object.assign(each, { options: putBack(each.options) })),
    data: resolve(config.data),
    python: config.python === undefined ? environment(home, '.venv') : program(config.python),
    spark_python:
      config.spark_python === undefined ? environment(home, '.venv-spark') : program(config.spark_python),
    learner_python:
      config.learner_python === undefined ? environment(home, '.venv-learn') : program(config.learner_python),
    source,
    home,
  };
}

function inconsistencies(config: ConfigFile): [key: string, line: string][] {
  const wrong: [string, string][] = [];
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

/** Workers run in a folder of their own, so a path must not depend on ours; a plain name is looked up in PATH. */
const program = (name: string): string => (/[\\/]/.test(name) ? resolve(name) : name);

/** An environment as `npm run quickstart` and `npm run check` make them; undefined where there is none. */
function environment(home: string, name: string): string | undefined {
  const file = join(home, name, 'bin', 'python');
  return existsSync(file) ? file : undefined;
}
