import type { Readable } from 'node:stream';
import { lineSplitter } from './lines.js';
import type { Line } from './long-lines.js';

/** The events of a transport, in order. */
export interface TransportEvents {
  line(line: string): void;
  /** Receives a line of many megabytes in pieces. */
  longLine(pieces: readonly Buffer[]): void;
  /** A line is longer than `longest` bytes; the rest of it is dropped. */
  tooLong(): void;
  /** The connection was closed. Another one may follow. */
  closed(): void;
}

/** Carries lines to one process and back, without interpreting them. */
export interface Transport {
  /** Sends a line. The line is lost if there is no connection. */
  write(line: Line): void;
  /** Calls `then` when the operating system has accepted all lines. */
  after(then: () => void): void;
  /** Closes the sending side after all lines have been written. */
  end(): void;
}

export type OpenTransport<T extends Transport = Transport> = (events: TransportEvents) => T;

/** Reads the lines of one connection. Drops a last line without a line end. */
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
