import { once } from 'node:events';
import type { LoggerService } from '@nestjs/common';
import { pino, type Logger } from 'pino';

/** What Nest says while it starts is of use only to someone who debugs it. */
const chatter = new Set([
  'InstanceLoader',
  'NestFactory',
  'NestApplication',
  'RouterExplorer',
  'RoutesResolver',
]);

/** Bytes of lines that wait to be written; more are dropped. */
const mostWaiting = 1 << 20;

export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** Nest's logging through pino: one JSON object a line on stderr, because stdout belongs to people (the first token). */
export class PinoLogger implements LoggerService {
  private readonly pino: Logger;
  private readonly stderr = pino.destination({ fd: 2, sync: false, maxLength: mostWaiting });

  constructor(level: string) {
    // A log that cannot be written, such as one on a full disk, must not stop the service. What waits is tried again with
    // the next line, but not at the exit: there the stream would try for ever.
    const flush = this.stderr.flushSync.bind(this.stderr);
    this.stderr.on('error', () => (this.stderr.flushSync = () => undefined));
    this.stderr.on('drain', () => (this.stderr.flushSync = flush));
    this.pino = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, this.stderr);
  }

  /** Of all that is written from now on. */
  setLevel(level: string): void {
    this.pino.level = level;
  }

  /** Whether a line of this level is written at all: making one costs more than leaving it out. */
  isOn(level: Level): boolean {
    return this.pino.isLevelEnabled(level);
  }

  /** Writes the last line before the process ends. Resolves when all lines are out, in their order. */
  async last(message: string, context: string): Promise<void> {
    if (!this.isOn('info')) return;
    // Not for ever: whoever reads the log may have stopped reading.
    const out = once(this.stderr, 'drain', { signal: AbortSignal.timeout(1000) }).catch(() => undefined);
    this.log(message, context);
    await out;
  }

  log = (message: unknown, ...rest: unknown[]) => this.write('info', message, rest);
  warn = (message: unknown, ...rest: unknown[]) => this.write('warn', message, rest);
  error = (message: unknown, ...rest: unknown[]) => this.write('error', message, rest);
  fatal = (message: unknown, ...rest: unknown[]) => this.write('fatal', message, rest);
  debug = (message: unknown, ...rest: unknown[]) => this.write('debug', message, rest);
  verbose = (message: unknown, ...rest: unknown[]) => this.write('trace', message, rest);

  /** Nest appends the logger's name; a message is a text or fields with `msg`, optionally followed by more text. */
  write(level: Level, message: unknown, rest: readonly unknown[]): void {
    const context = rest.at(-1);
    const more = rest.slice(0, -1).filter((part) => part !== undefined);
    const fields = typeof message === 'object' && message !== null ? message : { msg: String(message) };
    // The application's own errors are thrown as well, and told by whoever started it.
    const quiet =
      typeof context === 'string' &&
      ((level === 'info' && chatter.has(context)) || (level === 'error' && context === 'NestApplication'));
    this.pino[quiet ? 'debug' : level]({
      ...(typeof context === 'string' && { context }),
      ...(more.length > 0 && { detail: more.map(String) }),
      ...fields,
    });
  }
}
