import {
  checked,
  fieldsIn,
  lineOf,
  longFields,
  requiredCapabilities,
  protocolVersion,
  type FromRunner,
  type Ready,
  type ToRunner,
} from './attempt-protocol.js';
import { fromOld, lineForOld, longFieldsOfOld, oldRunnerOf, type OldRunner } from './attempt-protocol-1.js';
import { shortened } from './lines.js';
import { fieldsOf, InOrder } from './long-lines.js';
import type { OpenTransport, Transport } from './transport.js';

export interface ChannelEvents {
  /** The first message on each connection. */
  ready(message: Ready): void;
  message(message: Exclude<FromRunner, Ready>): void;
  /** The runner speaks an unknown version of the protocol. None of its messages is delivered. */
  foreign(why: string): void;
  /** A line is not a message; `text` contains the reason and the start of the line. */
  unreadable(text: string): void;
  /** A message exceeds the longest permitted length. */
  tooLong(): void;
  /** The connection was closed. The transport may open another one. */
  closed(wasReady: boolean): void;
}

/** The most characters of an unreadable line that are reported. */
const excerptLength = 200;

/** Exchanges messages with one runner over any transport, in order and in the version that the runner speaks. */
export class AttemptChannel<T extends Transport = Transport> {
  readonly transport: T;
  /** Keeps messages in order, because a long message takes several turns of the event loop to read. */
  private readonly inbox = new InOrder();
  private old: OldRunner | null = null;
  private capabilities: readonly string[] = [];
  private ready = false;
  private open = false;

  constructor(
    open: OpenTransport<T>,
    private readonly events: ChannelEvents,
  ) {
    this.transport = open({
      line: (line) => this.inbox.do(() => this.read(line)),
      longLine: (pieces) => this.inbox.do(() => this.readLong(pieces)),
      tooLong: () => this.inbox.do(() => this.events.tooLong()),
      closed: () => this.close(),
    });
  }

  /** Whether there is a connection on which the runner has sent `ready`. */
  get isOpen(): boolean {
    return this.open;
  }

  /** Sends a message. Returns false if there is no open connection or the runner does not support the message. */
  send(message: ToRunner): boolean {
    const capability = requiredCapabilities[message.type];
    // A runner may be shut down before it is ready.
    if (!this.open && message.type !== 'shutdown') return false;
    if (capability !== undefined && !this.capabilities.includes(capability)) return false;
    const line = this.old === null ? lineOf(message) : lineForOld(message, this.old);
    if (line === null) return false;
    this.transport.write(line);
    return true;
  }

  /** Calls `then` when all lines received so far have been processed. */
  whenRead(then: () => void): void {
    this.inbox.do(then);
  }

  private close(): void {
    this.open = false;
    // Report the end after all lines that arrived before it.
    this.inbox.do(() => {
      const wasReady = this.ready;
      this.ready = this.open = false;
      this.old = null;
      this.events.closed(wasReady);
    });
  }

  private read(line: string): void {
    let messages: FromRunner[];
    try {
      messages = this.parsed(fieldsIn(line));
    } catch (error) {
      return this.unreadable(error, shortened(line, excerptLength));
    }
    for (const message of messages) this.deliver(message);
  }

  private async readLong(pieces: readonly Buffer[]): Promise<void> {
    let messages: FromRunner[];
    try {
      messages = this.parsed(await fieldsOf(pieces, [...longFields, ...longFieldsOfOld]));
    } catch (error) {
      return this.unreadable(error, pieces[0]?.toString('utf8', 0, excerptLength) ?? '');
    }
    for (const message of messages) this.deliver(message);
  }

  private parsed(fields: Record<string, unknown>): FromRunner[] {
    const { type, protocol } = fields;
    const old = oldRunnerOf(fields) ?? this.old;
    // Check the version first, because the other fields of an unknown version cannot be interpreted.
    if (type === 'ready' && typeof protocol === 'number' && old === null && protocol !== protocolVersion) {
      this.events.foreign(`it speaks protocol ${protocol}, this service speaks ${protocolVersion}`);
      return [];
    }
    if (old === null) return [checked(fields)];
    const messages = fromOld(fields, old).map(checked);
    this.old = old;
    return messages;
  }

  private unreadable(error: unknown, beginning: string): void {
    const why = error instanceof Error ? error.message : String(error);
    this.events.unreadable(`unreadable message (${why}): ${beginning}`);
  }

  private deliver(message: FromRunner): void {
    if (message.type !== 'ready') {
      // Drop messages that a runner of an unknown version sends before it is killed.
      if (this.ready) this.events.message(message);
    } else {
      this.ready = this.open = true;
      this.capabilities = message.capabilities ?? [];
      this.events.ready(message);
    }
  }
}
