import type { ChildProcess } from 'node:child_process';
import { LineWriter, type Line } from './long-lines.js';
import { readLines, type Transport, type TransportEvents } from './transport.js';

/** Lines over the stdin and stdout of a child process: one connection, which ends with the process. */
export class StdioTransport implements Transport {
  private readonly writer: LineWriter | null;

  /** `longest`: bytes of the longest line that is kept. */
  constructor(
    private readonly child: Pick<ChildProcess, 'stdin' | 'stdout' | 'on'>,
    longest: number,
    events: TransportEvents,
  ) {
    if (child.stdout !== null) readLines(child.stdout, longest, events);
    // Writing to a process that has just died fails here; its exit is what counts.
    child.stdin?.on('error', () => undefined);
    this.writer = child.stdin === null ? null : new LineWriter(child.stdin);
    // `close` and not `exit`: what the process still had to say has been read by then.
    child.on('close', () => events.closed());
  }

  write(line: Line): void {
    this.writer?.write(line);
  }

  after(then: () => void): void {
    this.writer?.after(then);
  }

  end(): void {
    this.after(() => this.child.stdin?.end());
  }
}
