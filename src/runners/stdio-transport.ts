import type { ChildProcess } from 'node:child_process';
import { LineWriter, type Line } from './long-lines.js';
import { readLines, type Transport, type TransportEvents } from './transport.js';

/** Carries lines over stdin and stdout of a child process. There is one connection, which ends with the process. */
export class StdioTransport implements Transport {
  private readonly writer: LineWriter | null;

  /** `longest`: the most bytes of a line. */
  constructor(
    private readonly child: Pick<ChildProcess, 'stdin' | 'stdout' | 'on'>,
    longest: number,
    events: TransportEvents,
  ) {
    if (child.stdout !== null) readLines(child.stdout, longest, events);
    // Ignore write errors to a process that has just ended; its exit is reported anyway.
    child.stdin?.on('error', () => undefined);
    this.writer = child.stdin === null ? null : new LineWriter(child.stdin);
    // Use `close` instead of `exit`, because by then all output of the process has been read.
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
