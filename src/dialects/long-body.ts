import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { BadRequestException, PayloadTooLargeException } from '@nestjs/common';
import { RawJson } from './raw-json.js';
import { JsonScan } from '../scheduler/json-scan.js';
import { errorAt, membersAt } from '../scheduler/long-json.js';
import { inMemory, longFrom, LongText, Pieces, wholeOf, type Text } from '../scheduler/long-text.js';

/** Most bytes of all names and of all short members together. */
const mostShort = 1024 * 1024;

/** A JSON body of many megabytes. Checks and hashes each piece as it arrives, and never parses the body as a whole. */
export class LongBody {
  private readonly pieces = new Pieces();
  private readonly hash = createHash('sha256');
  private readonly scan = new JsonScan();
  private isUtf8 = true;
  /** First bytes of a character whose last bytes have not arrived yet. */
  private partial: Buffer = Buffer.alloc(0);
  private begun = false;

  write(chunk: Buffer): void {
    this.hash.update(chunk);
    this.check(chunk);
    // Drop a byte order mark: it is not part of the JSON text.
    const text = this.begun || !chunk.subarray(0, 3).equals(byteOrderMark) ? chunk : chunk.subarray(3);
    this.begun = true;
    this.pieces.add(text);
    this.scan.write(text);
  }

  /** Returns the hash of all bytes. May be called only once, after the last chunk. */
  digest(): string {
    return this.hash.digest('base64url');
  }

  /**
   * Returns the parsed members. The one named by `long` becomes {@link RawJson}: an object, or a string with its quotes
   * (`isText`). Throws an error for the client if the body is not acceptable.
   */
  async members(long: { readonly name: string; readonly isText: boolean }): Promise<Record<string, unknown>> {
    if (!this.isUtf8 || this.partial.length > 0)
      throw new BadRequestException('The body is not valid UTF-8.');
    this.scan.end();
    const text = new LongText(inMemory(this.pieces.all()));
    if (this.scan.flaw !== null) throw invalid((await errorAt(text, this.scan.flaw)).message);
    const places = this.scan.members;
    const shortMembers = places.filter(({ from, to }) => to - from < longFrom);
    const shortBytes =
      shortMembers.reduce((sum, { from, to }) => sum + to - from, 0) +
      places.reduce((sum, { keyFrom, keyTo }) => sum + keyTo - keyFrom, 0);
    if (shortBytes > mostShort) throw tooLong(long.name);
    checkMembers(places.length);
    const body: Record<string, unknown> = {};
    for (const { name, value } of await membersAt(text, places)) {
      // Of members with the same name the last one counts, as in a short body.
      if (name !== '__proto__') body[name] = await read(name, value);
    }
    return body;

    async function read(name: string, value: Text): Promise<unknown> {
      const isLong = name === long.name && (await beginningOf(value)) === (long.isText ? '"' : '{');
      if (typeof value !== 'string' && !isLong) throw tooLong(long.name);
      return isLong && (typeof value !== 'string' || !long.isText)
        ? new RawJson(value)
        : parseValue(name, value as string);
    }
  }

  private check(chunk: Buffer): void {
    if (!this.isUtf8) return;
    const all = this.partial.length === 0 ? chunk : Buffer.concat([this.partial, chunk]);
    const to = wholeCharacters(all);
    this.isUtf8 = isUtf8(all.subarray(0, to));
    this.partial = all.subarray(to);
  }
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

const invalid = (what: string) => new BadRequestException(`The body is not valid JSON: ${what}.`);

const tooLong = (name: string) =>
  new PayloadTooLargeException(`Only ${name} may be long: all else in the body may have 1 MB together.`);

const beginningOf = async (value: Text): Promise<string> =>
  typeof value === 'string' ? value.slice(0, 1) : wholeOf(value.slice(0, 1));

/** Returns the end of the last complete UTF-8 character. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back += 1) {
    const code = bytes[bytes.length - back] as number;
    if ((code & 0xc0) === 0x80) continue;
    const length = code >= 0xf0 ? 4 : code >= 0xe0 ? 3 : code >= 0xc0 ? 2 : 1;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** Parses a member of a body. Refuses NaN and Infinity, which the scanner lets pass. */
export function parseValue(key: string, text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BadRequestException(`The body is not valid JSON: ${key} holds NaN or Infinity.`);
  }
  checkWidth(value);
  return value;
}

/** Most members of one object: class-transformer compares each member with all others. */
const mostMembers = 2000;

export function checkMembers(count: number): void {
  if (count > mostMembers)
    throw new BadRequestException(`An object in the body has ${count} members, and may have ${mostMembers}.`);
}

function checkWidth(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  const members: readonly unknown[] = Object.values(value);
  if (!Array.isArray(value)) checkMembers(members.length);
  for (const member of members) checkWidth(member);
}
