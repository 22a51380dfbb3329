import { JsonScan, type Flaw, type MemberRange } from './json-scan.js';
import { JsonTextError } from './json-text.js';
import { shortened, wholeOf, type LongText, type Text } from './long-text.js';

/** Makes the error for a flaw in `text`, with line and column (in characters as JavaScript counts them). */
export async function errorAt(text: LongText, { message, at }: Flaw): Promise<JsonTextError> {
  let [line, column, offset] = [1, 1, 0];
  for await (const piece of text.pieces()) {
    const part = piece.subarray(0, Math.max(0, at - offset));
    offset += piece.length;
    for (const code of part) {
      if (code === 10) [line, column] = [line + 1, 1];
      // Skip bytes that continue a character. A character of four bytes counts as two.
      else if ((code & 0xc0) !== 0x80) column += code >= 0xf0 ? 2 : 1;
    }
    if (offset >= at) break;
  }
  return new JsonTextError(message, { line, column });
}

/**
 * Returns the members of an object that have these names. Long values remain parts of the text. Throws a {@link
 * JsonTextError} if the text is no object.
 */
export async function longMembersOf(
  text: LongText,
  names: readonly string[],
): Promise<{ name: string; value: Text }[]> {
  const scan = new JsonScan({ most: Infinity });
  for await (const piece of text.pieces()) scan.write(piece);
  scan.end();
  if (scan.flaw !== null) throw await errorAt(text, scan.flaw);
  // An object of megabytes may have very many members, so their names are compared in place.
  const ranges: MemberRange[] = [];
  let [at, next] = [0, 0];
  for await (const piece of text.pieces()) {
    const end = at + piece.length;
    for (let place = scan.members[next]; place !== undefined && place.keyFrom < end;) {
      const { keyFrom, keyTo } = place;
      const isCut = keyTo > end;
      const name = piece.toString('latin1', keyFrom - at + 1, keyTo - at - 1);
      if (isCut || names.includes(name)) ranges.push(place);
      next += 1;
      place = scan.members[next];
    }
    at = end;
  }
  return (await membersAt(text, ranges)).filter(({ name }) => names.includes(name));
}

/** Reads the members at these places of a text. */
export async function membersAt(
  text: LongText,
  places: readonly MemberRange[],
): Promise<{ name: string; value: Text }[]> {
  const members: { name: string; value: Text }[] = [];
  for (const { keyFrom, keyTo, from, to } of places) {
    const name = JSON.parse(await wholeOf(text.slice(keyFrom, keyTo))) as string;
    members.push({ name, value: await shortened(text.slice(from, to)) });
  }
  return members;
}
