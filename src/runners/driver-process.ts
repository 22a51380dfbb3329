import type { ChildProcess } from 'node:child_process';
import { Logger } from '@nestjs/common';
import { AttemptChannel } from './attempt-channel.js';
import type { FromRunner, Ready, ToRunner } from './attempt-protocol.js';
import { isRunning, killAll, type ProcessMark } from './process-table.js';
import { ProcessWatch } from './process-watch.js';
import { SocketTransport } from './socket-transport.js';

export interface DriverEvents {
  message(message: Exclude<FromRunner, Ready>): void;
  /** It writes a message that is longer than anyone can keep. */
  tooLong(): void;
  /** The process is gone, with everything it had started. */
  gone(how: string): void;
}

/** Milliseconds. */
export interface DriverPatience {
  /** Without a connection, after which the process counts as stuck (livy dialect, driver start). */
  readonly connect: number;
  /** From the request to leave until it is killed. */
  readonly leave: number;
  /** While the driver or its JVM is stopped (SIGSTOP). Its connection stays open meanwhile: nobody would notice. */
  readonly stopped: number;
}

/** Milliseconds between two looks at a process that is not our child. */
const lookEach = 200;
/** What it said just before its end is still being read. */
const lastWordsWithin = 300;

/** One driver: a process of its own that is spoken to over its socket, and found again there after a restart. */
export class DriverProcess {
  private readonly logger = new Logger('Driver');
  private readonly channel: AttemptChannel<SocketTransport>;
  private over = false;
  private unheard: NodeJS.Timeout | undefined;
  private looking: NodeJS.Timeout | undefined;
  private watch: ProcessWatch | undefined;
  private jvm: number | null = null;
  private late: NodeJS.Timeout | undefined;
  private reason: string | null = null;
  private readonly isOurs: boolean;

  /** `child` is null for a process of an earlier service. */
  constructor(
    readonly mark: ProcessMark,
    address: string,
    child: ChildProcess | null,
    private readonly events: DriverEvents,
    private readonly how: { readonly patience: DriverPatience; readonly longestMessage: number },
  ) {
    child?.once('exit', (code, name) =>
      this.exit(name === null ? `it exited with code ${String(code)}` : `it was ended by ${name}`),
    );
    this.isOurs = child !== null;
    this.channel = new AttemptChannel((heard) => new SocketTransport(address, how.longestMessage, heard), {
      ready: () => clearTimeout(this.unheard),
      message: (message) => this.hear(message),
      foreign: (why) => this.kill(why),
      unreadable: (text) => this.logger.warn(text),
      tooLong: () => this.events.tooLong(),
      closed: (wasReady) => wasReady && !this.over && this.expectWord(),
    });
  }

  /** Connects, and again whenever the connection breaks, until the process is gone. */
  connect(): void {
    // The end of a child is told; at another process one has to look.
    if (!this.isOurs) {
      this.looking = setInterval(() => {
        if (!isRunning(this.mark)) this.exit('it ended');
      }, lookEach).unref();
    }
    const pids = () => (this.jvm === null ? [this.mark.pid] : [this.mark.pid, this.jvm]);
    this.watch = new ProcessWatch(pids, this.how.patience.stopped, (why) => this.kill(why));
    this.expectWord();
    this.channel.transport.open();
  }

  /** Returns false while nobody listens: the driver says `ready` when it does. */
  send(message: ToRunner): boolean {
    return this.channel.send(message);
  }

  /** Asks it to leave, and makes it after a while. */
  end(): void {
    if (!this.channel.isOpen) return this.kill();
    this.send({ type: 'shutdown' });
    this.late ??= setTimeout(() => this.kill(), this.how.patience.leave).unref();
  }

  kill(why?: string): void {
    this.reason ??= why ?? null;
    if (!this.over) killAll(this.mark.pid);
  }

  /** Lets go of a process that is to live on. */
  detach(): void {
    this.over = true;
    this.stopTimers();
    this.channel.transport.end();
  }

  private hear(message: Exclude<FromRunner, Ready>): void {
    if (message.type === 'interpreter') this.jvm = message.jvm_pid;
    this.events.message(message);
  }

  private expectWord(): void {
    const { connect } = this.how.patience;
    clearTimeout(this.unheard);
    this.unheard = setTimeout(
      () => this.kill(`it was not heard of for ${connect / 1000} s`),
      connect,
    ).unref();
  }

  private exit(how: string): void {
    if (this.over) return;
    this.over = true;
    this.stopTimers();
    this.channel.transport.drain(lastWordsWithin, () => {
      killAll(this.mark.pid);
      this.channel.whenRead(() => this.events.gone(this.reason ?? how));
    });
  }

  private stopTimers(): void {
    for (const timer of [this.unheard, this.late]) clearTimeout(timer);
    clearInterval(this.looking);
    this.watch?.end();
  }
}
