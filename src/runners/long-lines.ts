import type { Writable } from 'node:stream';
import { JsonScan } from '../scheduler/json-scan.js';
import { errorAt, membersAt } from '../scheduler/long-json.js';
import { inMemory, LongText, Pieces, wholeOf, type Text } from '../scheduler/long-text.js';

/** A line to send: one string, or pieces. */
export type Line = string | AsyncIterable<Buffer>;

/**
 * Writes lines one after the other. A long line is written as fast as the reader reads, and later lines wait for its
 * end, because they would break it.
 */
export class LineWriter {
  private last: Promise<void> | null = null;

  constructor(private readonly stream: Writable) {}

  /** Writes a line, and calls `onWritten` when the operating system has accepted it. */
  write(line: Line, onWritten?: () => void): void {
    if (this.last === null && typeof line === 'string') {
      this.stream.write(line);
      onWritten?.();
      return;
    }
    // Ignore write errors to a process that has just ended; its end is reported elsewhere.
    const now = (this.last ?? Promise.resolve())
      .then(() => this.send(line))
      .then(() => onWritten?.())
      .catch(() => undefined)
      .then(() => {
        if (this.last === now) this.last = null;
      });
    this.last = now;
  }

  /** Calls `then` when all lines have been written. */
  after(then: () => void): void {
    if (this.last === null) then();
    else void this.last.then(() => this.after(then));
  }

  private async send(line: Line): Promise<void> {
    if (typeof line === 'string') {
      this.stream.write(line);
      return;
    }
    for await (const piece of line) {
      if (this.stream.destroyed) return;
      if (!this.stream.write(piece)) await drained(this.stream);
    }
  }
}

const drained = (stream: Writable): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      for (const event of ['drain', 'close', 'error']) stream.off(event, done);
      resolve();
    };
    for (const event of ['drain', 'close', 'error']) stream.once(event, done);
  });

/** Prints a message whose last field, `name`, is a string of many megabytes. */
export async function* lineWith(
  fields: Readonly<Record<string, unknown>>,
  name: string,
  value: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  yield Buffer.from(`${JSON.stringify(fields).slice(0, -1)},${JSON.stringify(name)}:`);
  yield* value;
  yield Buffer.from('}\n');
}

/** Yields a text as a JSON string with quotes. */
export async function* quoted(text: LongText): AsyncGenerator<Buffer> {
  yield Buffer.from('"');
  for await (const piece of text.pieces())
    // Escaping single bytes is correct, because in UTF-8 these bytes are never part of another character.
    yield Buffer.from(JSON.stringify(piece.toString('latin1')).slice(1, -1), 'latin1');
  yield Buffer.from('"');
}

/** The most bytes that are kept of long fields that are only for people to read. */
const excerptBytes = 100_000;

/**
 * Parses a message that came in one line of many megabytes. Long strings named in `long` become long texts; other long
 * strings are cut. Throws an Error that says what is wrong with the line.
 */
export async function fieldsOf(
  pieces: readonly Buffer[],
  long: readonly string[],
): Promise<Record<string, unknown>> {
  const line = new LongText(inMemory(pieces));
  const scan = new JsonScan({ strict: true });
  for await (const piece of line.pieces()) scan.write(piece);
  scan.end();
  if (scan.flaw !== null) throw await errorAt(line, scan.flaw);
  const fields: Record<string, unknown> = {};
  for (const { name, value } of await membersAt(line, scan.members))
    Object.defineProperty(fields, name, { value: await read(name, value), enumerable: true, writable: true });
  async function read(name: string, value: Text): Promise<unknown> {
    if (typeof value === 'string') return JSON.parse(value) as unknown;
    const [first] = await wholeOf(value.slice(0, 1));
    if (first !== '"') throw new Error(`${name} has ${value.bytes} bytes`);
    const text = await unquoted(value);
    if (long.includes(name)) return text;
    const excerpt = (await wholeOf(text.slice(0, excerptBytes))).replace(/\ufffd+$/, '');
    return `${excerpt}… (${text.bytes} bytes in all)`;
  }
  return fields;
}

/** Decodes a JSON string literal with quotes. */
export async function unquoted(literal: LongText): Promise<LongText> {
  const result = new Pieces();
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of literal.slice(1, literal.bytes - 1).pieces()) {
    const all = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const to = safeEnd(all);
    result.add(decoded(all.subarray(0, to)));
    rest = all.subarray(to);
  }
  if (rest.length > 0) result.add(decoded(rest));
  return new LongText(inMemory(result.all()));
}

const decoded = (bytes: Buffer): Buffer => Buffer.from(JSON.parse(`"${bytes.toString('utf8')}"`) as string);

/** Returns the end of the last complete character or escape in a part of a string. Does not split surrogate pairs. */
function safeEnd(bytes: Buffer): number {
  const to = escapesEnd(bytes);
  // A high surrogate waits for its low surrogate.
  if (to >= 6 && /^\\u[dD][89abAB]/.test(bytes.toString('latin1', to - 6, to)) && startsEscape(bytes, to - 6))
    return to - 6;
  if (to < bytes.length) return to;
  for (let back = 1; back <= 3 && back <= to; back += 1) {
    const code = bytes[to - back] as number;
    if ((code & 0xc0) === 0x80) continue;
    const length = code >= 0xf0 ? 4 : code >= 0xe0 ? 3 : code >= 0xc0 ? 2 : 1;
    return length > back ? to - back : to;
  }
  return to;
}

/** Returns the start of an escape that the end cuts in two, or the end if there is none. */
function escapesEnd(bytes: Buffer): number {
  const from = bytes.lastIndexOf(92);
  if (from === -1 || bytes.length - from >= 6 || !startsEscape(bytes, from)) return bytes.length;
  const length = bytes[from + 1] === 117 ? 6 : 2;
  return bytes.length - from >= length ? bytes.length : from;
}

/** Returns whether the backslash at `at` starts an escape, which it does after an even number of backslashes. */
function startsEscape(bytes: Buffer, at: number): boolean {
  let first = at;
  while (first > 0 && bytes[first - 1] === 92) first -= 1;
  return (at - first) % 2 === 0;
}

/** Returns whether a text is JSON of any kind. */
export async function isJson(text: LongText): Promise<boolean> {
  const scan = new JsonScan({ strict: true, any: true });
  for await (const piece of text.pieces()) scan.write(piece);
  scan.end();
  return scan.flaw === null;
}

/** Runs work in order, even if some of it is asynchronous. */
export class InOrder {
  private last: Promise<void> | null = null;

  /** Runs `work` after all earlier work; at once if none is pending. */
  do(work: () => void | Promise<void>): void {
    if (this.last === null) {
      const done = work();
      if (done !== undefined) this.wait(done);
    } else this.wait(this.last.then(work));
  }

  private wait(done: Promise<void>): void {
    const now = done.then(
      () => {
        if (this.last === now) this.last = null;
      },
      () => {
        if (this.last === now) this.last = null;
      },
    );
    this.last = now;
  }
}
