import { createConnection, type Socket } from 'node:net';
import { LineWriter, type Line } from './long-lines.js';
import { readLines, type Transport, type TransportEvents } from './transport.js';

/** Milliseconds between two attempts to connect. */
const retryInterval = 50;

/** Carries lines over the Unix socket on which a process listens. Reconnects whenever the connection breaks. */
export class SocketTransport implements Transport {
  private socket: Socket | null = null;
  private writer: LineWriter | null = null;
  private retry: NodeJS.Timeout | undefined;
  private over = false;

  /** `longest`: the most bytes of a line. */
  constructor(
    private readonly path: string,
    private readonly longest: number,
    private readonly events: TransportEvents,
  ) {}

  open(): void {
    const socket = createConnection(this.path);
    this.socket = socket;
    this.writer = new LineWriter(socket);
    readLines(socket, this.longest, this.events);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.socket = null;
      this.writer = null;
      this.events.closed();
      if (!this.over) this.retry = setTimeout(() => this.open(), retryInterval).unref();
    });
  }

  write(line: Line): void {
    this.writer?.write(line);
  }

  after(then: () => void): void {
    this.writer?.after(then);
  }

  end(): void {
    this.stop();
    this.socket?.destroy();
  }

  /** Reads what an ended process sent before its end, for at most `within` milliseconds, then calls `done`. */
  drain(within: number, done: () => void): void {
    this.stop();
    const { socket } = this;
    // A connection that is not open yet contains no data.
    if (socket === null || socket.connecting) {
      socket?.destroy();
      return done();
    }
    const timeout = setTimeout(() => socket.destroy(), within);
    socket.once('close', () => {
      clearTimeout(timeout);
      done();
    });
  }

  private stop(): void {
    this.over = true;
    clearTimeout(this.retry);
  }
}
