import {
  checked,
  fieldsIn,
  lineOf,
  longFields,
  needed,
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
  /** First on each connection. */
  ready(message: Ready): void;
  message(message: Exclude<FromRunner, Ready>): void;
  /** The runner speaks a version that nobody here understands; nothing else of it is handed on. */
  foreign(why: string): void;
  /** It wrote something that is no message; the text says what, and why not. */
  unreadable(text: string): void;
  /** It writes a message that is longer than anyone can keep. */
  tooLong(): void;
  /** The connection is gone; there may be another one. */
  closed(wasReady: boolean): void;
}

/** How much of what is no message stands in the log. */
const shown = 200;

/** The conversation with one runner, over any transport: messages in order, in the version that the runner speaks. */
export class AttemptChannel<T extends Transport = Transport> {
  readonly transport: T;
  /** What the runner has said, in order: a long message takes several turns to read. */
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

  /** There is a connection, and the runner has said on it what it is. */
  get isOpen(): boolean {
    return this.open;
  }

  /** Returns false where the message is not sent: nobody is there to hear it, or the runner does not know it. */
  send(message: ToRunner): boolean {
    const capability = needed[message.type];
    // A runner may be told to leave before it is ready.
    if (!this.open && message.type !== 'shutdown') return false;
    if (capability !== undefined && !this.capabilities.includes(capability)) return false;
    const line = this.old === null ? lineOf(message) : lineForOld(message, this.old);
    if (line === null) return false;
    this.transport.write(line);
    return true;
  }

  /** Calls `then` when all that has arrived so far has been read. */
  whenRead(then: () => void): void {
    this.inbox.do(then);
  }

  private close(): void {
    this.open = false;
    // What had arrived before is still being read.
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
      return this.unreadable(error, shortened(line, shown));
    }
    for (const message of messages) this.handOn(message);
  }

  private async readLong(pieces: readonly Buffer[]): Promise<void> {
    let messages: FromRunner[];
    try {
      messages = this.parsed(await fieldsOf(pieces, [...longFields, ...longFieldsOfOld]));
    } catch (error) {
      return this.unreadable(error, pieces[0]?.toString('utf8', 0, shown) ?? '');
    }
    for (const message of messages) this.handOn(message);
  }

  private parsed(fields: Record<string, unknown>): FromRunner[] {
    const { type, protocol } = fields;
    const old = oldRunnerOf(fields) ?? this.old;
    // First of all: what else another version says in this message nobody here can know.
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

  private handOn(message: FromRunner): void {
    if (message.type !== 'ready') {
      // One that speaks another version may have said more before it was ended.
      if (this.ready) this.events.message(message);
    } else {
      this.ready = this.open = true;
      this.capabilities = message.capabilities ?? [];
      this.events.ready(message);
    }
  }
}
