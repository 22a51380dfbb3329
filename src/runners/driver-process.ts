import type { ChildProcess } from 'node:child_process';
import { createConnection, type Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import { checked, driverProtocol, lineOf, longFields, parseFromDriver } from './driver-protocol.js';
import type { DriverReady, FromDriver, ToDriver } from './driver-protocol.js';
import { lineSplitter, shortened } from './lines.js';
import { fieldsOf, InOrder, LineWriter } from './long-lines.js';
import { isRunning, killAll, type ProcessMark } from './process-table.js';
import { ProcessWatch } from './process-watch.js';

export interface DriverEvents {
  /** First on each connection, and again when the driver has started. */
  ready(message: DriverReady): void;
  message(message: Exclude<FromDriver, DriverReady>): void;
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

/** How long between two tries to connect, and between two looks at a process that is not our child. */
const [retryEach, lookEach] = [50, 200];
/** What it said just before its end is still being read. */
const lastWordsWithin = 300;

/** One driver: a process of its own that is spoken to over its socket, and found again there after a restart. */
export class DriverProcess {
  private readonly logger = new Logger('Driver');
  private socket: Socket | null = null;
  private writer: LineWriter | null = null;
  /** What it has said, in order: a long message takes several turns to read. */
  private readonly inbox = new InOrder();
  private isReady = false;
  private over = false;
  private unheard: NodeJS.Timeout | undefined;
  private looking: NodeJS.Timeout | undefined;
  private watch: ProcessWatch | undefined;
  private jvm: number | null = null;
  private retry: NodeJS.Timeout | undefined;
  private late: NodeJS.Timeout | undefined;
  private reason: string | null = null;
  private readonly isOurs: boolean;

  /** `child` is null for a process of an earlier service. */
  constructor(
    readonly mark: ProcessMark,
    private readonly address: string,
    child: ChildProcess | null,
    private readonly events: DriverEvents,
    private readonly how: { readonly patience: DriverPatience; readonly longestMessage: number },
  ) {
    child?.once('exit', (code, name) =>
      this.exit(name === null ? `it exited with code ${String(code)}` : `it was ended by ${name}`),
    );
    this.isOurs = child !== null;
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
    this.open();
  }

  /** Answers false while nobody listens: the driver says `ready` when it does. */
  send(message: ToDriver): boolean {
    if (!this.isReady || this.socket === null) return false;
    this.writer?.write(lineOf(message));
    return true;
  }

  /** Asks it to leave, and makes it after a while. */
  end(): void {
    if (!this.send({ type: 'shutdown' })) return this.kill();
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
    this.socket?.destroy();
  }

  private open(): void {
    const socket = createConnection(this.address);
    this.socket = socket;
    const { longestMessage: longest } = this.how;
    this.writer = new LineWriter(socket);
    const read = lineSplitter((line) => this.inbox.do(() => this.read(line)), {
      longest,
      onTooLong: () => this.inbox.do(() => this.events.tooLong()),
      onLong: (pieces) => this.inbox.do(() => this.readLong(pieces)),
    });
    socket.on('data', read);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.isReady) this.expectWord();
      this.isReady = false;
      this.socket = null;
      this.writer = null;
      if (!this.over) this.retry = setTimeout(() => this.open(), retryEach).unref();
    });
  }

  private read(line: string): void {
    let message: FromDriver;
    try {
      message = parseFromDriver(line);
    } catch (error) {
      this.logger.warn(`Unreadable message (${String(error)}): ${shortened(line, 200)}`);
      return;
    }
    this.hear(message);
  }

  private async readLong(pieces: readonly Buffer[]): Promise<void> {
    try {
      this.hear(checked(await fieldsOf(pieces, longFields)));
    } catch (error) {
      this.logger.warn(`Unreadable message (${String(error)}): ${pieces[0]?.toString('utf8', 0, 200) ?? ''}`);
    }
  }

  private hear(message: FromDriver): void {
    if (message.type !== 'ready') return this.events.message(message);
    if (message.protocol !== driverProtocol)
      return this.kill(`it speaks protocol ${message.protocol}, this service speaks ${driverProtocol}`);
    clearTimeout(this.unheard);
    this.isReady = true;
    this.jvm = message.jvm_pid;
    this.events.ready(message);
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
    const { socket } = this;
    let finished = false;
    const finish = (): void => {
      if (finished) return;
      finished = true;
      clearTimeout(cut);
      socket?.destroy();
      killAll(this.mark.pid);
      this.inbox.do(() => this.events.gone(this.reason ?? how));
    };
    const cut = setTimeout(finish, lastWordsWithin);
    // A connection that is still being made has nothing to say.
    if (socket === null || socket.connecting) return finish();
    socket.removeAllListeners('close');
    socket.once('close', finish);
  }

  private stopTimers(): void {
    for (const timer of [this.unheard, this.retry, this.late]) clearTimeout(timer);
    clearInterval(this.looking);
    this.watch?.end();
  }
}
