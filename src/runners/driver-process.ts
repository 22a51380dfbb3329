import type { ChildProcess } from 'node:child_process';
import { Logger } from '@nestjs/common';
import { AttemptChannel } from './attempt-channel.js';
import type { FromRunner, Ready, ToRunner } from './attempt-protocol.js';
import { isRunning, killAll, type ProcessMark } from './process-table.js';
import { ProcessWatch } from './process-watch.js';
import { SocketTransport } from './socket-transport.js';

export interface DriverEvents {
  message(message: Exclude<FromRunner, Ready>): void;
  /** A message exceeds the longest permitted length. */
  tooLong(): void;
  /** The process and all its descendants have ended. */
  gone(how: string): void;
}

/** Time limits in milliseconds, after which the process is killed. */
export interface DriverPatience {
  /** Without a connection (livy dialect, driver start). */
  readonly connect: number;
  /** From the shutdown message until the process ends. */
  readonly leave: number;
  /** While the process or its JVM is stopped (SIGSTOP), which the connection does not show: it stays open. */
  readonly stopped: number;
}

/** Milliseconds between two checks of a process that is not a child of this service. */
const pollInterval = 200;
/** Milliseconds for reading the messages that a process sent just before its end. */
const drainTimeout = 300;

/** The process of one session's interpreter. The service connects to its socket, and connects again after a restart. */
export class DriverProcess {
  private readonly logger = new Logger('Driver');
  private readonly channel: AttemptChannel<SocketTransport>;
  private over = false;
  private connectTimer: NodeJS.Timeout | undefined;
  private pollTimer: NodeJS.Timeout | undefined;
  private watch: ProcessWatch | undefined;
  private jvm: number | null = null;
  private leaveTimer: NodeJS.Timeout | undefined;
  /** Why the process is killed; null if it was not killed for a reason. */
  private killReason: string | null = null;
  private readonly isChild: boolean;

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
    this.isChild = child !== null;
    this.channel = new AttemptChannel((sink) => new SocketTransport(address, how.longestMessage, sink), {
      ready: () => clearTimeout(this.connectTimer),
      message: (message) => this.receive(message),
      foreign: (why) => this.kill(why),
      unreadable: (text) => this.logger.warn(text),
      tooLong: () => this.events.tooLong(),
      closed: (wasReady) => wasReady && !this.over && this.expectConnection(),
    });
  }

  /** Connects, and reconnects whenever the connection breaks, until the process has ended. */
  connect(): void {
    // Node reports the end of a child only; poll for other processes.
    if (!this.isChild) {
      this.pollTimer = setInterval(() => {
        if (!isRunning(this.mark)) this.exit('it ended');
      }, pollInterval).unref();
    }
    const pids = () => (this.jvm === null ? [this.mark.pid] : [this.mark.pid, this.jvm]);
    this.watch = new ProcessWatch(pids, this.how.patience.stopped, (why) => this.kill(why));
    this.expectConnection();
    this.channel.transport.open();
  }

  /** Sends a message. Returns false until the process has sent `ready`. */
  send(message: ToRunner): boolean {
    return this.channel.send(message);
  }

  /** Asks the process to shut down, and kills it after a time limit. */
  end(): void {
    if (!this.channel.isOpen) return this.kill();
    this.send({ type: 'shutdown' });
    this.leaveTimer ??= setTimeout(() => this.kill(), this.how.patience.leave).unref();
  }

  kill(why?: string): void {
    this.killReason ??= why ?? null;
    if (!this.over) killAll(this.mark.pid);
  }

  /** Disconnects from the process, which continues to run. */
  detach(): void {
    this.over = true;
    this.stopTimers();
    this.channel.transport.end();
  }

  private receive(message: Exclude<FromRunner, Ready>): void {
    if (message.type === 'interpreter') this.jvm = message.jvm_pid;
    this.events.message(message);
  }

  private expectConnection(): void {
    const { connect } = this.how.patience;
    clearTimeout(this.connectTimer);
    this.connectTimer = setTimeout(
      () => this.kill(`it was not connected to the service for ${connect / 1000} s`),
      connect,
    ).unref();
  }

  private exit(how: string): void {
    if (this.over) return;
    this.over = true;
    this.stopTimers();
    this.channel.transport.drain(drainTimeout, () => {
      killAll(this.mark.pid);
      this.channel.whenRead(() => this.events.gone(this.killReason ?? how));
    });
  }

  private stopTimers(): void {
    for (const timer of [this.connectTimer, this.leaveTimer]) clearTimeout(timer);
    clearInterval(this.pollTimer);
    this.watch?.end();
  }
}
