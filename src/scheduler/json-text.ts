/** Malformed JSON, with the position of the first mistake. */
export class JsonTextError extends Error {
  constructor(message: string, { line, column }: { readonly line: number; readonly column: number }) {
    super(`${message} at line ${line}, column ${column}`);
    this.name = 'JsonTextError';
  }
}

/** Valid JSON that is not an object. */
export class NoObjectError extends Error {
  constructor(kind: string) {
    super(`must be a JSON object, not ${kind}`);
    this.name = 'NoObjectError';
  }
}

function placeIn(text: string, index: number): { line: number; column: number } {
  const before = text.slice(0, index);
  return { line: before.split('\n').length, column: index - before.lastIndexOf('\n') };
}

/** The deepest accepted nesting. Deeper nesting is an attack or a mistake, and would exhaust the stack somewhere. */
export const maxDepth = 512;

/**
 * Checks a JSON text without building anything from it, and returns the text of each top-level member's value. Job
 * params come from Python and may contain `NaN`, `Infinity` and integers above 2^53. They must be returned byte for
 * byte, so they are cut out of the text and never parsed.
 */
export function membersOf(text: string): Map<string, string> {
  const scanner = new Scanner(text);
  return scanner.document();
}

/** Returns the flaw of a text that should be JSON of any kind, and its position; null if JSON.parse accepts it. */
export function findFlaw(text: string): string | null {
  try {
    new Scanner(text, { strict: true }).whole();
    return null;
  } catch (error) {
    if (error instanceof JsonTextError) return error.message;
    throw error;
  }
}

class Scanner {
  private at = 0;
  private readonly members = new Map<string, string>();
  /** Also refuses NaN and Infinity, which Python writes and JSON does not have. */
  private readonly strict: boolean;

  constructor(
    private readonly text: string,
    { strict = false } = {},
  ) {
    this.strict = strict;
  }

  whole(): void {
    this.space();
    this.value(0);
    this.space();
    if (this.at < this.text.length) throw this.wrong('nothing may follow the JSON value, but something does');
  }

  document(): Map<string, string> {
    this.space();
    if (this.text[this.at] !== '{') this.noObject();
    this.object(0, (key, from, to) => this.members.set(JSON.parse(key) as string, this.text.slice(from, to)));
    this.space();
    if (this.at < this.text.length)
      throw this.wrong('nothing may follow the JSON object, but something does');
    return this.members;
  }

  private noObject(): never {
    const from = this.at;
    if (!/^(?:["[\-\d]|true|false|null)/.test(this.text.slice(from, from + 5)))
      throw this.wrong('expected a JSON object, "{",');
    this.whole();
    throw new NoObjectError(kindAt(this.text, from));
  }

  private value(depth: number): void {
    if (depth > maxDepth) throw this.wrong(`nested more than ${maxDepth} levels deep`);
    switch (this.text[this.at]) {
      case '{':
        return this.object(depth);
      case '[':
        return this.array(depth);
      case '"':
        return this.string();
      case undefined:
        throw this.wrong('the text ends where a value should be');
      default:
        return this.scalar();
    }
  }

  private object(depth: number, member?: (key: string, from: number, to: number) => void): void {
    this.at += 1;
    this.space();
    if (this.take('}')) return;
    for (;;) {
      if (this.text[this.at] !== '"') throw this.wrong('expected a member name in double quotes');
      const keyFrom = this.at;
      this.string();
      const key = this.text.slice(keyFrom, this.at);
      this.space();
      if (!this.take(':')) throw this.wrong('expected ":" after a member name');
      this.space();
      const from = this.at;
      this.value(depth + 1);
      member?.(key, from, this.at);
      this.space();
      if (this.take('}')) return;
      if (!this.take(',')) throw this.wrong('expected "," or "}"');
      this.space();
    }
  }

  private array(depth: number): void {
    this.at += 1;
    this.space();
    if (this.take(']')) return;
    for (;;) {
      this.value(depth + 1);
      this.space();
      if (this.take(']')) return;
      if (!this.take(',')) throw this.wrong('expected "," or "]"');
      this.space();
    }
  }

  /** Compares character codes, because a regular expression would exhaust the stack on a circuit of 64 MB. */
  private string(): void {
    const { text } = this;
    let i = this.at + 1;
    for (;;) {
      const code = text.charCodeAt(i);
      if (code === 34) break;
      if (code === 92) {
        const escape = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y;
        escape.lastIndex = i + 1;
        const match = escape.exec(text);
        if (match === null) throw this.wrong('unknown escape in a string', i);
        i = escape.lastIndex;
      } else if (Number.isNaN(code)) {
        throw this.wrong('the text ends inside a string that starts', this.at);
      } else if (code < 32) {
        throw this.wrong('a control character stands inside a string', i);
      } else {
        i += 1;
      }
    }
    this.at = i + 1;
  }

  private scalar(): void {
    const scalar = /true|false|null|NaN|-?Infinity|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
    scalar.lastIndex = this.at;
    const [match] = scalar.exec(this.text) ?? [''];
    if (match === '') throw this.wrong('expected a value');
    if (this.strict && /[NI]/.test(match)) throw this.wrong(`${match} is no value in JSON`);
    this.at = scalar.lastIndex;
  }

  private space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
      this.at += 1;
    }
  }

  private take(char: string): boolean {
    if (this.text[this.at] !== char) return false;
    this.at += 1;
    return true;
  }

  private wrong(message: string, at = this.at): JsonTextError {
    return new JsonTextError(message, placeIn(this.text, at));
  }
}

function kindAt(text: string, at: number): string {
  if (text[at] === '[') return 'a list';
  if (text[at] === '"') return 'a text';
  return /[-\d]/.test(text[at] ?? '') ? 'a number' : text.slice(at).trimEnd();
}
