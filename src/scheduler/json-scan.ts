import { Digits, isWhole, nextDigits } from './json-number.js';
import { maxDepth } from './json-text.js';

/** Byte offsets of a member of the outermost object: its name with quotes, and its value. */
export interface MemberRange {
  readonly keyFrom: number;
  readonly keyTo: number;
  readonly from: number;
  readonly to: number;
}

/** What is wrong, and at which byte. */
export interface Flaw {
  readonly message: string;
  readonly at: number;
}

/** The most members that are recorded. No client sends a long text with more. */
const mostMembers = 10_000;

const enum Expect {
  Value,
  FirstItem,
  FirstKey,
  Key,
  Colon,
  Comma,
  Nothing,
}
const enum Inside {
  None,
  Text,
  Escape,
  Unicode,
  Word,
  Number,
}

const words = new Map(['true', 'false', 'null', 'NaN', 'Infinity'].map((word) => [word.charCodeAt(0), word]));

/**
 * Checks JSON that arrives in pieces, with the rules and the messages of `json-text.ts`. Builds nothing, and records
 * where the members of the outermost object are. `strict` refuses NaN and Infinity; `any` accepts every value, not only
 * an object.
 */
export class JsonScan {
  readonly members: MemberRange[] = [];
  flaw: Flaw | null = null;
  /** Bytes before the current piece. */
  private before = 0;
  private expect: Expect = Expect.Value;
  private inside: Inside = Inside.None;
  /** 1 for an object, 2 for a list, per level. */
  private readonly levels = new Uint8Array(maxDepth + 2);
  private depth = 0;
  /** Where the current string, word or number begins. */
  private begin = 0;
  private isKey = false;
  private escapeAt = 0;
  private hex = 0;
  private word = '';
  private read = 0;
  private digits: Digits = Digits.Zero;
  /** Where the longest prefix that is a number ends; -1 if there is none yet. */
  private numberTo = -1;
  private keyFrom = 0;
  private keyTo = 0;
  private valueFrom = 0;

  /** Records at most `most` members of the outermost object; one more is a flaw. */
  constructor(
    private readonly how: { readonly strict?: boolean; readonly any?: boolean; readonly most?: number } = {},
  ) {}

  write(piece: Buffer): void {
    if (this.flaw !== null) return;
    const { length } = piece;
    let i = 0;
    while (i < length && this.flaw === null) {
      if (this.inside === Inside.None) i = this.structure(piece, i);
      else if (this.inside === Inside.Text) i = this.text(piece, i);
      else if (this.inside === Inside.Word) i = this.letters(piece, i);
      else if (this.inside === Inside.Number) i = this.number(piece, i);
      else i = this.escape(piece, i);
    }
    this.before += length;
  }

  /** Ends the text. */
  end(): void {
    if (this.flaw !== null) return;
    const at = this.before;
    if (this.inside === Inside.Text)
      return this.wrong('the text ends inside a string that starts', this.begin);
    if (this.inside === Inside.Escape || this.inside === Inside.Unicode)
      return this.wrong('unknown escape in a string', this.escapeAt);
    if (this.inside === Inside.Word) return this.wrong('expected a value', this.begin);
    if (this.inside === Inside.Number) {
      if (!this.numberEnds(at)) return;
    }
    if (this.expect !== Expect.Nothing) this.unexpected(-1, at);
  }

  private wrong(message: string, at: number): void {
    this.flaw ??= { message, at };
  }

  /** Reads what is outside of strings, words and numbers. */
  private structure(piece: Buffer, from: number): number {
    let i = from;
    for (; i < piece.length; i += 1) {
      const code = piece[i] as number;
      if (code === 32 || code === 10 || code === 13 || code === 9) continue;
      const at = this.before + i;
      switch (this.expect) {
        case Expect.FirstItem:
          if (code === 93) {
            this.close(at + 1);
            break;
          }
          if (!this.value(code, at)) return i + 1;
          break;
        case Expect.Value:
          if (!this.value(code, at)) return i + 1;
          break;
        case Expect.FirstKey:
        case Expect.Key:
          if (code === 34) {
            this.isKey = true;
            this.begin = at;
            this.inside = Inside.Text;
            return i + 1;
          }
          if (code === 125 && this.expect === Expect.FirstKey) this.close(at + 1);
          else this.unexpected(code, at);
          break;
        case Expect.Colon:
          if (code === 58) this.expect = Expect.Value;
          else this.unexpected(code, at);
          break;
        case Expect.Comma:
          if (code === 44) this.expect = this.levels[this.depth] === 1 ? Expect.Key : Expect.Value;
          else if (code === (this.levels[this.depth] === 1 ? 125 : 93)) this.close(at + 1);
          else this.unexpected(code, at);
          break;
        case Expect.Nothing:
          this.unexpected(code, at);
      }
      if (this.flaw !== null) return i;
    }
    return i;
  }

  /** Begins a value. Returns false if another method reads what follows. */
  private value(code: number, at: number): boolean {
    if (this.depth === 0 && this.how.any !== true && code !== 123) {
      this.unexpected(code, at);
      return true;
    }
    if (this.depth > maxDepth) {
      this.wrong(`nested more than ${maxDepth} levels deep`, at);
      return true;
    }
    if (this.depth === 1) this.valueFrom = at;
    if (code === 123 || code === 91) {
      this.depth += 1;
      this.levels[this.depth] = code === 123 ? 1 : 2;
      this.expect = code === 123 ? Expect.FirstKey : Expect.FirstItem;
      return true;
    }
    this.begin = at;
    if (code === 34) {
      this.isKey = false;
      this.inside = Inside.Text;
      return false;
    }
    const word = words.get(code);
    if (word !== undefined) {
      this.begins(word, 1);
      return false;
    }
    const isDigit = code >= 48 && code <= 57;
    if (code !== 45 && !isDigit) {
      this.wrong('expected a value', at);
      return true;
    }
    this.inside = Inside.Number;
    this.digits = code === 45 ? Digits.Minus : code === 48 ? Digits.Zero : Digits.Whole;
    this.numberTo = isDigit ? at + 1 : -1;
    return false;
  }

  private begins(word: string, read: number): void {
    this.inside = Inside.Word;
    this.word = word;
    this.read = read;
  }

  private text(piece: Buffer, from: number): number {
    const { length } = piece;
    let i = from;
    for (; i < length; i += 1) {
      const code = piece[i] as number;
      if (code === 34) {
        this.inside = Inside.None;
        const to = this.before + i + 1;
        if (!this.isKey) this.ended(to);
        else {
          if (this.depth === 1) [this.keyFrom, this.keyTo] = [this.begin, to];
          this.expect = Expect.Colon;
        }
        return i + 1;
      }
      if (code === 92) {
        this.escapeAt = this.before + i;
        this.inside = Inside.Escape;
        return i + 1;
      }
      if (code < 32) {
        this.wrong('a control character stands inside a string', this.before + i);
        return i;
      }
    }
    return i;
  }

  private escape(piece: Buffer, i: number): number {
    const code = piece[i] as number;
    if (this.inside === Inside.Unicode) {
      const isHex = (code >= 48 && code <= 57) || (code >= 65 && code <= 70) || (code >= 97 && code <= 102);
      if (!isHex) this.wrong('unknown escape in a string', this.escapeAt);
      this.hex += 1;
      if (this.hex === 4) this.inside = Inside.Text;
    } else if (code === 117) {
      this.inside = Inside.Unicode;
      this.hex = 0;
    } else if ('"\\/bfnrt'.includes(String.fromCharCode(code))) this.inside = Inside.Text;
    else this.wrong('unknown escape in a string', this.escapeAt);
    return i + 1;
  }

  private letters(piece: Buffer, from: number): number {
    let i = from;
    for (; i < piece.length && this.read < this.word.length; i += 1, this.read += 1) {
      if (piece[i] === this.word.charCodeAt(this.read)) continue;
      this.wrong('expected a value', this.begin);
      return i;
    }
    if (this.read < this.word.length) return i;
    if (this.how.strict === true && /[NI]/.test(this.word))
      this.wrong(`${this.word} is no value in JSON`, this.begin);
    this.inside = Inside.None;
    this.ended(this.before + i);
    return i;
  }

  private number(piece: Buffer, from: number): number {
    for (let i = from; i < piece.length; i += 1) {
      const code = piece[i] as number;
      if (code === 73 && this.digits === Digits.Minus) {
        this.begins('-Infinity', 2);
        return i + 1;
      }
      const next = nextDigits(this.digits, code);
      if (next === null) {
        this.numberEnds(this.before + i);
        return i;
      }
      this.digits = next;
      if (isWhole(next)) this.numberTo = this.before + i + 1;
    }
    return piece.length;
  }

  /** Returns false if the characters read are not all part of a number: in `1.` the point is not. */
  private numberEnds(at: number): boolean {
    this.inside = Inside.None;
    if (this.numberTo === -1) this.wrong('expected a value', this.begin);
    else {
      this.ended(this.numberTo);
      if (this.numberTo < at) this.unexpected(0, this.numberTo);
    }
    return this.flaw === null;
  }

  private close(to: number): void {
    this.depth -= 1;
    this.ended(to);
  }

  /** Ends a value before byte `to`. */
  private ended(to: number): void {
    this.expect = this.depth === 0 ? Expect.Nothing : Expect.Comma;
    if (this.depth !== 1 || this.levels[1] !== 1) return;
    const { most = mostMembers } = this.how;
    if (this.members.length === most)
      return this.wrong(`the object has more than ${most} members; another one ends`, to);
    this.members.push({ keyFrom: this.keyFrom, keyTo: this.keyTo, from: this.valueFrom, to });
  }

  /** `code` is -1 at the end of the text. */
  private unexpected(code: number, at: number): void {
    switch (this.expect) {
      case Expect.Value:
      case Expect.FirstItem:
        if (this.depth === 0 && this.how.any !== true) return this.wrong('expected a JSON object, "{",', at);
        if (this.depth > maxDepth) return this.wrong(`nested more than ${maxDepth} levels deep`, at);
        return this.wrong(code === -1 ? 'the text ends where a value should be' : 'expected a value', at);
      case Expect.FirstKey:
      case Expect.Key:
        return this.wrong('expected a member name in double quotes', at);
      case Expect.Colon:
        return this.wrong('expected ":" after a member name', at);
      case Expect.Comma:
        return this.wrong(`expected "," or "${this.levels[this.depth] === 1 ? '}' : ']'}"`, at);
      case Expect.Nothing: {
        const what = this.how.any === true ? 'value' : 'object';
        return this.wrong(`nothing may follow the JSON ${what}, but something does`, at);
      }
    }
  }
}
