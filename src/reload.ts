import { ConfigError } from './config/config-file.js';
import type { Config } from './config/config.js';
import type { BackendConfig } from './config/config.schema.js';
import type { PinoLogger } from './telemetry/logger.js';
import type { LiveTls } from './tls.js';

/** The parts of a service that can be reconfigured while it runs. */
export interface Reloadable {
  readonly logger: PinoLogger;
  readonly tls: LiveTls | null;
  /** Returns the drivers of the stored backends, by backend name. */
  drivers(): Promise<ReadonlyMap<string, string>>;
  /** Updates all of these backends or, if it throws a {@link ConfigError}, none. */
  configure(backends: readonly BackendConfig[], config: Config): Promise<void>;
}

/** Members of a configuration that are not settings. */
const noSettings = new Set(['source', 'home', 'warnings']);
/** Settings that can be applied without a restart. */
const reloadable = new Set(['log_level', 'backends', 'tls']);
const context = 'Reload';

/**
 * Applies the settings that a running service can change, and logs the others as in need of a restart. A configuration
 * with a mistake changes nothing.
 */
export class Reloader {
  private last: Promise<void> = Promise.resolve();

  constructor(
    private current: Config,
    private readonly parts: Reloadable,
  ) {}

  /** Reads and applies a configuration. Calls run one after the other. */
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
    const needRestart = this.keysThatNeedRestart(config);
    const drivers = await this.parts.drivers();
    const withNewDriver = config.backends.filter(
      ({ name, driver }) => (drivers.get(name) ?? driver) !== driver,
    );
    needRestart.push(...withNewDriver.map(({ name }) => `backends.${name}.driver`));
    await this.parts.configure(
      config.backends.filter((backend) => !withNewDriver.includes(backend)),
      config,
    );
    const changed = changedBackends(this.current, config).filter(
      (name) => !withNewDriver.some((backend) => backend.name === name),
    );
    if (tls !== null && config.tls !== undefined) tls.reload(config.tls);
    logger.setLevel(config.log_level);
    for (const warning of config.warnings ?? []) logger.warn(warning, context);
    const { log_level, source } = config;
    logger.log({ msg: 'The configuration was read again.', source, log_level, backends: changed }, context);
    if (needRestart.length > 0)
      logger.warn(`Changed, and needs a restart: ${needRestart.join(', ')}.`, context);
    // Keep the running values of settings that need a restart, so that the next reload logs them again.
    this.current = { ...this.current, log_level, backends: config.backends };
  }

  private keysThatNeedRestart(config: Config): string[] {
    const keys = new Set([...Object.keys(this.current), ...Object.keys(config)]) as Set<keyof Config>;
    const differs = [...keys].filter(
      (key) => !noSettings.has(key) && !reloadable.has(key) && !isEqual(this.current[key], config[key]),
    );
    const tlsSwitched = (this.current.tls === undefined) !== (config.tls === undefined);
    return tlsSwitched ? [...differs, 'tls'] : differs;
  }
}

const isEqual = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

function changedBackends(before: Config, after: Config): string[] {
  const previous = new Map(before.backends.map((backend) => [backend.name, backend]));
  return after.backends.filter((each) => !isEqual(previous.get(each.name), each)).map(({ name }) => name);
}
