import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { JsonScan } from './json-scan.js';
import { errorAt } from './long-json.js';
import { findFlaw, JsonTextError, membersOf } from './json-text.js';
import { inMemory, LongText, wholeOf } from './long-text.js';

/** `text` in pieces of a few bytes, cut wherever it falls. */
function cut(text: string, size: number): Buffer[] {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}

async function scanned(text: string, size: number, how: { strict?: boolean; any?: boolean } = {}) {
  const pieces = cut(text, size);
  const scan = new JsonScan(how);
  for (const piece of pieces) scan.write(piece);
  scan.end();
  const long = new LongText(inMemory(pieces));
  if (scan.flaw !== null) return (await errorAt(long, scan.flaw)).message;
  const members = new Map<string, string>();
  for (const { keyFrom, keyTo, from, to } of scan.members) {
    const key = JSON.parse(await wholeOf(long.slice(keyFrom, keyTo))) as string;
    members.set(key, await wholeOf(long.slice(from, to)));
  }
  return members;
}

/** Returns what `membersOf` finds, or its error. A scan has only one error for all texts that are not objects. */
function expected(text: string): Map<string, string> | string {
  const [, before = '', first] = /^([ \t\r\n]*)(.?)/su.exec(text) ?? [];
  if (first !== '' && first !== '{') {
    const lines = before.split('\n');
    return `expected a JSON object, "{", at line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
  }
  try {
    return membersOf(text);
  } catch (error) {
    if (error instanceof JsonTextError) return error.message;
    throw error;
  }
}

const json = fc
  .tuple(
    fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ noUnicodeString: false }), { maxKeys: 4 }),
    fc.constantFrom(undefined, 1, '\t'),
  )
  .map(([value, indent]) => JSON.stringify(value, null, indent));

/** JSON in which a character was left out, doubled or replaced by one that matters. */
const nearlyJson = fc
  .tuple(
    json,
    fc.nat(),
    fc.constantFrom(...'{}[]",:\\/0123456789.eE+-NIntfau\n\u0001é🐈 '.split('')),
    fc.nat(2),
  )
  .map(([text, at, other, how]) => {
    const place = at % text.length;
    return text.slice(0, place) + other + text.slice(how === 0 ? place : place + how - 1 + 1);
  })
  // UTF-8 cannot contain half of a surrogate pair.
  .filter((text) => text.isWellFormed());

const size = fc.integer({ min: 1, max: 9 });

describe('JSON in pieces', () => {
  it('has the members that it has in one string, byte for byte, wherever it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(json, size, async (text, cuts) => {
        expect(await scanned(text, cuts)).toEqual(expected(text));
      }),
    );
  });

  it('is refused in the same words and at the same place', async () => {
    await fc.assert(
      fc.asyncProperty(nearlyJson, size, async (text, cuts) => {
        expect(await scanned(text, cuts)).toEqual(expected(text));
      }),
      { numRuns: 1500 },
    );
  });

  it.each([
    ...[
      '',
      '{',
      '{"a"',
      '{"a":',
      '{"a":1',
      '{"a":[',
      '{"a":[1',
      '{"a":tr',
      '{"a":"x',
      '{"a":"x\\',
      '{"a":"\\u00',
    ],
    ...[
      '{"a":-}',
      '{"a":1.}',
      '{"a":1e}',
      '{"a":1e+}',
      '{"a":01}',
      '{"a":-Infinity}',
      '{"a":-Infinite}',
      '{"a":NaNa}',
    ],
    ...[
      '{"a":1}x',
      '[1]',
      '{,}',
      '{"a":1,}',
      '{"a" 1}',
      '{"a":[1,]}',
      '{"a":[1 2]}',
      '{"ä\n":1}',
      '{"🐈":"ü",\n "b":?}',
    ],
    ...[`{"a":${'['.repeat(512)}`, `{"a":${'['.repeat(511)}${']'.repeat(511)}}`],
  ])('is read alike: %s', async (text) => {
    for (const cuts of [1, 2, 5, 1000]) expect(await scanned(text, cuts)).toEqual(expected(text));
  });

  it.each(['1', '"a"', '[1,{"a":null}]', 'NaN', '[Infinity]', '[1', 'tru', '1 2', '{"a":-Infinity}', ''])(
    'of any kind is as strict as in one string: %s',
    async (text) => {
      const found = await scanned(text, 2, { strict: true, any: true });
      expect(typeof found === 'string' ? found : null).toBe(findFlaw(text));
    },
  );
});
