import type { Readable } from 'node:stream';
import { lineSplitter } from './lines.js';
import type { Line } from './long-lines.js';

/** What a transport hands on, in order. */
export interface TransportEvents {
  line(line: string): void;
  /** A line of many megabytes, in pieces. */
  longLine(pieces: readonly Buffer[]): void;
  /** A line is longer than `longest` bytes; the rest of it is dropped. */
  tooLong(): void;
  /** The connection is gone. Another one may follow. */
  closed(): void;
}

/** Carries lines to one process and back. It knows no message. */
export interface Transport {
  /** Sends a line; it is lost where there is no connection. */
  write(line: Line): void;
  /** Calls `then` when everything has been handed to the system. */
  after(then: () => void): void;
  /** Says that nothing more will be written. */
  end(): void;
}

export type OpenTransport<T extends Transport = Transport> = (events: TransportEvents) => T;

/** Hands the lines of one connection on. A line that the connection's end cuts off is dropped. */
export function readLines(from: Readable, longest: number, events: TransportEvents): void {
  from.on(
    'data',
    lineSplitter((line) => events.line(line), {
      longest,
      onTooLong: () => events.tooLong(),
      onLong: (pieces) => events.longLine(pieces),
    }),
  );
}
