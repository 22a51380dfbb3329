import { once } from 'node:events';
import type { LoggerService } from '@nestjs/common';
import { pino, type Logger } from 'pino';

/** Loggers of Nest's start-up, whose lines help only to debug Nest and are logged at debug level. */
const startupContexts = new Set([
  'InstanceLoader',
  'NestFactory',
  'NestApplication',
  'RouterExplorer',
  'RoutesResolver',
]);

/** The most bytes of lines that wait to be written; lines beyond that are dropped. */
const maxBuffered = 1 << 20;

export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** Writes Nest's log with pino: one JSON object per line, on stderr because stdout is for people (the first token). */
export class PinoLogger implements LoggerService {
  private readonly pino: Logger;
  private readonly stderr = pino.destination({ fd: 2, sync: false, maxLength: maxBuffered });

  constructor(level: string) {
    // A write error, such as a full disk, must not stop the service. Waiting lines are retried with the next line, but
    // not at the exit, where the stream would retry forever.
    const flush = this.stderr.flushSync.bind(this.stderr);
    this.stderr.on('error', () => (this.stderr.flushSync = () => undefined));
    this.stderr.on('drain', () => (this.stderr.flushSync = flush));
    this.pino = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, this.stderr);
  }

  /** Sets the level of all lines from now on. */
  setLevel(level: string): void {
    this.pino.level = level;
  }

  /** Returns whether lines of this level are written. Check this first, because building a line is expensive. */
  isOn(level: Level): boolean {
    return this.pino.isLevelEnabled(level);
  }

  /** Writes the last line before the process ends. Resolves when all lines are written in order, or after a second. */
  async last(message: string, context: string): Promise<void> {
    if (!this.isOn('info')) return;
    // Give up after a second: the reader of the log may have stopped reading.
    const flushed = once(this.stderr, 'drain', { signal: AbortSignal.timeout(1000) }).catch(() => undefined);
    this.log(message, context);
    await flushed;
  }

  log = (message: unknown, ...rest: unknown[]) => this.write('info', message, rest);
  warn = (message: unknown, ...rest: unknown[]) => this.write('warn', message, rest);
  error = (message: unknown, ...rest: unknown[]) => this.write('error', message, rest);
  fatal = (message: unknown, ...rest: unknown[]) => this.write('fatal', message, rest);
  debug = (message: unknown, ...rest: unknown[]) => this.write('debug', message, rest);
  verbose = (message: unknown, ...rest: unknown[]) => this.write('trace', message, rest);

  /**
   * Writes one line. `message` is a text or fields with `msg`; `rest` is more text, then the logger's name from Nest.
   */
  write(level: Level, message: unknown, rest: readonly unknown[]): void {
    const context = rest.at(-1);
    const more = rest.slice(0, -1).filter((part) => part !== undefined);
    const fields = typeof message === 'object' && message !== null ? message : { msg: String(message) };
    // Nest also throws these errors, and the code that started the application reports them.
    const quiet =
      typeof context === 'string' &&
      ((level === 'info' && startupContexts.has(context)) ||
        (level === 'error' && context === 'NestApplication'));
    this.pino[quiet ? 'debug' : level]({
      ...(typeof context === 'string' && { context }),
      ...(more.length > 0 && { detail: more.map(String) }),
      ...fields,
    });
  }
}
