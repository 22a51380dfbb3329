/** Texts of at least this many bytes are handled in pieces. A shorter one takes a few milliseconds at most. */
export const longFrom = 512 * 1024;

/** Bytes that are read, checked, copied or stored at a time. */
export const pieceSize = 128 * 1024;

/** A source of the bytes of a long text. It can be read more than once. */
export interface TextSource {
  readonly bytes: number;
  /** Bytes from `from` to before `to`, in pieces of at most {@link pieceSize}. */
  read(from: number, to: number): AsyncIterable<Buffer> | Iterable<Buffer>;
}

/** A text of any length. */
export type Text = string | LongText;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * A text of many megabytes, as UTF-8 in pieces: params, results, statements. As one string, each step (decoding,
 * checking, escaping, storing) would delay all others for a tenth of a second or more. It may begin with a short `head`
 * that did not come with the rest.
 *
 * Its state is private, because class-transformer would copy public members.
 */
export class LongText {
  readonly #source: TextSource;
  readonly #head: string;
  readonly #stored: number | null;

  /** `stored` is the number under which the store has the source; null if it has not. */
  constructor(source: TextSource, stored: number | null = null, head = '') {
    this.#source = source;
    this.#stored = stored;
    this.#head = head;
  }

  get bytes(): number {
    return Buffer.byteLength(this.#head) + this.#source.bytes;
  }

  get head(): string {
    return this.#head;
  }

  get stored(): number | null {
    return this.#stored;
  }

  withHead(head: string): LongText {
    return new LongText(this.#source, this.#stored, head);
  }

  /** Returns the same text with a short tail. */
  followedBy(tail: string): LongText {
    const [source, end] = [this.#source, Buffer.from(tail)];
    const { bytes } = source;
    return new LongText(
      {
        bytes: bytes + end.length,
        async *read(from, to) {
          if (from < bytes) yield* source.read(from, Math.min(bytes, to));
          if (to > bytes) yield end.subarray(Math.max(0, from - bytes), to - bytes);
        },
      },
      null,
      this.#head,
    );
  }

  /** Yields all bytes in order. Lets other work run between two pieces. */
  async *pieces(): AsyncGenerator<Buffer> {
    if (this.#head !== '') yield Buffer.from(this.#head);
    yield* this.#rest(0, this.#source.bytes);
  }

  /** Returns the part from byte `from` to before byte `to`, counted after the head. */
  slice(from: number, to = this.#source.bytes): LongText {
    const source = this.#source;
    return new LongText({ bytes: to - from, read: (a, b) => source.read(from + a, from + b) });
  }

  async *#rest(from: number, to: number): AsyncGenerator<Buffer> {
    for await (const piece of this.#source.read(from, to)) {
      yield piece;
      await nextTurn();
    }
  }
}

/** Returns a source of bytes that are already in memory. */
export function inMemory(pieces: readonly Buffer[]): TextSource {
  return {
    bytes: pieces.reduce((sum, { length }) => sum + length, 0),
    *read(from, to) {
      let at = 0;
      for (const piece of pieces) {
        const [first, last] = [Math.max(0, from - at), Math.min(piece.length, to - at)];
        at += piece.length;
        for (let i = first; i < last; i += pieceSize) yield piece.subarray(i, Math.min(last, i + pieceSize));
        if (at >= to) return;
      }
    },
  };
}

/**
 * Collects bytes into pieces of {@link pieceSize}, however small the chunks: each tiny chunk alone would take a hundred
 * bytes.
 */
export class Pieces {
  private filled: Buffer[] = [];
  private last = Buffer.alloc(0);
  private used = 0;
  bytes = 0;

  add(chunk: Buffer): void {
    this.bytes += chunk.length;
    for (let from = 0; from < chunk.length;) {
      if (this.used === this.last.length) {
        if (this.used > 0) this.filled.push(this.last);
        this.last = Buffer.allocUnsafeSlow(pieceSize);
        this.used = 0;
      }
      const copiedBytes = chunk.copy(this.last, this.used, from);
      this.used += copiedBytes;
      from += copiedBytes;
    }
  }

  /** Takes the full pieces if there are at least `count`. */
  takeFull(count: number): Buffer[] {
    return this.filled.length < count ? [] : this.filled.splice(0);
  }

  /** Returns the pieces that were not taken. */
  all(): Buffer[] {
    return this.used === 0 ? this.filled : [...this.filled, this.last.subarray(0, this.used)];
  }
}

/** Returns a short text as one string, and a long one unchanged. */
export const shortened = async (text: LongText): Promise<Text> =>
  text.bytes < longFrom ? wholeOf(text) : text;

/** Returns a text that must be short as one string; throws if it is long. */
export function shortOf(text: Text): string {
  if (typeof text === 'string') return text;
  throw new Error(`A text of ${text.bytes} bytes is too long here.`);
}

/** Returns the text as one string, however long, for code that cannot handle pieces. */
export async function wholeOf(text: Text): Promise<string> {
  if (typeof text === 'string') return text;
  const pieces: Buffer[] = [];
  for await (const piece of text.pieces()) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

/** Turns a string of many megabytes into a long text, and returns a short one unchanged. */
export function lengthened(text: Text): Text {
  if (typeof text !== 'string' || text.length < longFrom) return text;
  const pieces = new Pieces();
  for (let from = 0; from < text.length;) {
    let to = Math.min(text.length, from + pieceSize);
    // Keep both halves of a surrogate pair together.
    if (to < text.length && isHighSurrogate(text.charCodeAt(to - 1))) to -= 1;
    pieces.add(Buffer.from(text.slice(from, to)));
    from = to;
  }
  return new LongText(inMemory(pieces.all()));
}

const isHighSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdbff;

export const bytesOf = (text: Text): number =>
  typeof text === 'string' ? Buffer.byteLength(text) : text.bytes;

/** The parts of an answer, in order. */
export type TextParts = readonly Text[];

/** Returns all parts as one string; null if a part is long. */
export const joined = (parts: TextParts): string | null =>
  parts.every((part) => typeof part === 'string') ? parts.join('') : null;

/** Returns the bytes of all parts, in order. */
export async function* bytesOfAll(parts: TextParts): AsyncGenerator<Buffer> {
  for (const part of parts) {
    if (typeof part === 'string') yield Buffer.from(part);
    else yield* part.pieces();
  }
}

/** Returns the beginning of a statement's params, before its code. */
export const statementHead = (statement: number, kind: string): string =>
  `${JSON.stringify({ statement, kind }).slice(0, -1)},"code":`;

/** Returns the code in the long params of a statement, as the JSON string that was sent: it is the last member. */
export const codeIn = (params: LongText): LongText =>
  params.slice(0, params.bytes - Buffer.byteLength(params.head) - 1);
