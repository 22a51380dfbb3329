import { ConfigError } from './config/config-file.js';
import type { Config } from './config/config.js';
import type { BackendConfig } from './config/config.schema.js';
import type { PinoLogger } from './telemetry/logger.js';
import type { LiveTls } from './tls.js';

/** What a service can change while it runs. */
export interface Reloadable {
  readonly logger: PinoLogger;
  readonly tls: LiveTls | null;
  /** Drivers of the backends that are stored, by name. */
  drivers(): Promise<ReadonlyMap<string, string>>;
  /** Brings backends up to date, all or none; throws a {@link ConfigError}. */
  configure(backends: readonly BackendConfig[], config: Config): Promise<void>;
}

/** Not settings: where they came from. */
const noSettings = new Set(['source', 'home', 'doubts']);
const applied = new Set(['log_level', 'backends', 'tls']);
const context = 'Reload';

/** Applies what can be changed in a running service, and names the rest. A configuration with a mistake changes nothing. */
export class Reloader {
  private last: Promise<void> = Promise.resolve();

  constructor(
    private current: Config,
    private readonly parts: Reloadable,
  ) {}

  /** One after the other: a second call waits for the first one. */
  reload(read: () => Config): Promise<void> {
    this.last = this.last.then(() => this.attempt(read));
    return this.last;
  }

  private async attempt(read: () => Config): Promise<void> {
    const { logger } = this.parts;
    try {
      await this.apply(read());
    } catch (error) {
      const why = error instanceof ConfigError ? error.lines : [String(error)];
      logger.error('The configuration was read again and is wrong: nothing was changed.', ...why, context);
    }
  }

  private async apply(config: Config): Promise<void> {
    const { logger, tls } = this.parts;
    const later = this.needRestart(config);
    const drivers = await this.parts.drivers();
    const moved = config.backends.filter(({ name, driver }) => (drivers.get(name) ?? driver) !== driver);
    later.push(...moved.map(({ name }) => `backends.${name}.driver`));
    await this.parts.configure(
      config.backends.filter((backend) => !moved.includes(backend)),
      config,
    );
    const changed = changedBackends(this.current, config).filter(
      (name) => !moved.some((backend) => backend.name === name),
    );
    if (tls !== null && config.tls !== undefined) tls.reload(config.tls);
    logger.setLevel(config.log_level);
    for (const doubt of config.doubts ?? []) logger.warn(doubt, context);
    const { log_level, source } = config;
    logger.log({ msg: 'The configuration was read again.', source, log_level, backends: changed }, context);
    if (later.length > 0) logger.warn(`Changed, and needs a restart: ${later.join(', ')}.`, context);
    // What waits for a restart stays as it runs, so that the next reload names it again.
    this.current = { ...this.current, log_level, backends: config.backends };
  }

  private needRestart(config: Config): string[] {
    const keys = new Set([...Object.keys(this.current), ...Object.keys(config)]) as Set<keyof Config>;
    const differs = [...keys].filter(
      (key) => !noSettings.has(key) && !applied.has(key) && !same(this.current[key], config[key]),
    );
    const turned = (this.current.tls === undefined) !== (config.tls === undefined);
    return turned ? [...differs, 'tls'] : differs;
  }
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

function changedBackends(before: Config, after: Config): string[] {
  const known = new Map(before.backends.map((backend) => [backend.name, backend]));
  return after.backends.filter((each) => !same(known.get(each.name), each)).map(({ name }) => name);
}
