import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { findFlaw, JsonTextError, membersOf, NoObjectError } from './json-text.js';

/** Any text of white space that JSON allows between its parts. */
const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\r', '\t'), maxLength: 3 });
const object = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ noUnicodeString: false }), {
  maxKeys: 4,
});

/** An object's text with white space around it and between its members, and the unchanged text of each member. */
const written = fc
  .tuple(object, fc.array(space, { minLength: 5, maxLength: 5 }), fc.constantFrom(undefined, 1, '\t'))
  .map(([value, spaces, indent]) => {
    let next = 0;
    const gap = () => spaces[(next += 1) % 5];
    const members = Object.entries(value).map(([key, member]) => ({
      key,
      text: JSON.stringify(member, null, indent),
    }));
    const body = members
      .map(({ key, text }) => `${gap()}${JSON.stringify(key)}${gap()}:${gap()}${text}${gap()}`)
      .join(',');
    return { value, members, text: `${gap()}{${body}${members.length === 0 ? gap() : ''}}${gap()}` };
  });

function accepted(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

/** Whether JSON.parse reads it as an object. */
const isObject = (text: string) =>
  accepted(() => {
    const value = JSON.parse(text) as unknown;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('no object');
  });

const wrongWith = (text: string): string => {
  try {
    membersOf(text);
  } catch (error) {
    if (error instanceof JsonTextError) return error.message;
    throw error;
  }
  throw new Error(`This was accepted: ${text}`);
};

describe('the members of a JSON object', () => {
  it('are those that JSON.parse finds', () => {
    fc.assert(
      fc.property(written, ({ text }) => {
        const parsed = JSON.parse(text) as Record<string, unknown>;
        const members = [...membersOf(text)].map(([key, member]) => [key, JSON.parse(member) as unknown]);
        expect(members).toEqual([...new Map(members as [string, unknown][])]);
        for (const [key, member] of members) expect(member).toEqual(parsed[key as string]);
        expect(members).toHaveLength(Object.keys(parsed).length);
      }),
    );
  });

  it('keep their text byte for byte', () => {
    fc.assert(
      fc.property(written, ({ text, members }) => {
        const found = membersOf(text);
        for (const { key, text: member } of members) expect(found.get(key)).toBe(member);
      }),
    );
  });

  it.each([
    ['NaN', '{"a" : NaN}'],
    ['an infinity', '{"a":[-Infinity,Infinity]}'],
    ['an integer beyond 2^53', '{"a":123456789012345678901234567890}'],
    ['a number that JavaScript would write otherwise', '{"a":1.50e+00}'],
    ['escapes', '{"a":"\\u00fc\\/\\ud83d"}'],
    ['white space and repeated members', '{ "a" :\n{ "b":1 ,\t"b":2 }\r\n}'],
  ])('keep %s', (_, text) => {
    const from = text.indexOf(':') + 1;
    expect(membersOf(text).get('a')).toBe(text.slice(from, -1).trim());
  });

  it('that are written twice count as the last one', () => {
    expect(membersOf('{"a":1,"a":2}')).toEqual(new Map([['a', '2']]));
  });

  it('are found by their meaning, not their spelling', () => {
    expect(membersOf('{"par\\u0061ms":1}').get('params')).toBe('1');
  });

  it('may be megabytes long, in one string', () => {
    const circuit = `"${'x'.repeat(4 * 1024 * 1024)}"`;
    expect(membersOf(`{"params":${circuit}}`).get('params')?.length).toBe(circuit.length);
  });
});

describe('what JSON.parse refuses is refused', () => {
  it('in any short text of the characters that JSON is made of', () => {
    const part = fc.constantFrom(
      ...['{', '}', '[', ']', ',', ':', '"', '"a"', '"a":', '\\', 'true', 'null', 'nul', '0', '01', '1'],
      ...[
        '-',
        '.',
        '.5',
        '1.',
        'e',
        '1e5',
        '1e+',
        ' ',
        '\n',
        '\t',
        '\u00a0',
        '\ufeff',
        "'",
        '//',
        '/**/',
        '\0',
      ],
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 9 }), fc.boolean(), (parts, wrapped) => {
        const text = wrapped ? `{"a":${parts.join('')}}` : parts.join('');
        expect(accepted(() => membersOf(text))).toBe(isObject(text));
        expect(findFlaw(text) === null).toBe(accepted(() => JSON.parse(text) as unknown));
      }),
      { numRuns: 2000 },
    );
  });

  it('in any valid text with one character changed, unless it says NaN or Infinity', () => {
    fc.assert(
      fc.property(
        written,
        fc.nat(),
        fc.constantFrom('', '"', '}', ',', '0', '\n', '\\', ' ', '\u0001'),
        ({ text }, at, by) => {
          const i = at % text.length;
          const changed = text.slice(0, i) + by + text.slice(i + 1);
          fc.pre(!/NaN|Infinity/.test(changed));
          expect(accepted(() => membersOf(changed))).toBe(isObject(changed));
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each(['nan', '+Infinity', '-NaN', 'Infinit', 'NaNs', 'undefined'])('nor does it know %s', (value) => {
    expect(() => membersOf(`{"a":${value}}`)).toThrow(JsonTextError);
  });
});

describe('a flaw is reported with its position:', () => {
  it.each([
    ['', 'expected a JSON object, "{", at line 1, column 1'],
    ['  [1', 'expected "," or "]" at line 1, column 5'],
    ['[1] x', 'nothing may follow the JSON value, but something does at line 1, column 5'],
    ['nothing', 'expected a JSON object, "{", at line 1, column 1'],
    ['{"a":1', 'expected "," or "}" at line 1, column 7'],
    ['{"a":1,}', 'expected a member name in double quotes at line 1, column 8'],
    ["{'a':1}", 'expected a member name in double quotes at line 1, column 2'],
    ['{"a" 1}', 'expected ":" after a member name at line 1, column 6'],
    ['{"a":}', 'expected a value at line 1, column 6'],
    ['{"a":', 'the text ends where a value should be at line 1, column 6'],
    ['{\n  "a": [1,\n  2 3]\n}', 'expected "," or "]" at line 3, column 5'],
    ['{"a":"b', 'the text ends inside a string that starts at line 1, column 6'],
    ['{"a":"\\x"}', 'unknown escape in a string at line 1, column 7'],
    ['{"a":"b\n"}', 'a control character stands inside a string at line 1, column 8'],
    ['{"a":01}', 'expected "," or "}" at line 1, column 7'],
    ['{"a":1}\n{}', 'nothing may follow the JSON object, but something does at line 2, column 1'],
  ])('%j', (text, message) => {
    expect(wrongWith(text)).toBe(message);
  });
});

describe('JSON that is not an object is refused by its kind:', () => {
  it.each([
    ['[]', 'a list'],
    [' ["a", {"b": NaN}]\n', 'a list'],
    ['"text"', 'a text'],
    ['-1.5', 'a number'],
    ['null', 'null'],
    ['false', 'false'],
  ])('%j', (text, kind) => {
    expect(() => membersOf(text)).toThrow(new NoObjectError(kind));
  });
});

describe('a text of any kind', () => {
  it.each([
    [' [1, "x", null]\n', null],
    ['{"a":1}', null],
    ['', 'the text ends where a value should be at line 1, column 1'],
    ['bad', 'expected a value at line 1, column 1'],
    ['[1,]', 'expected a value at line 1, column 4'],
    ['{"a":NaN}', 'NaN is no value in JSON at line 1, column 6'],
    ['{"a":-Infinity}', '-Infinity is no value in JSON at line 1, column 6'],
    ['[1] x', 'nothing may follow the JSON value, but something does at line 1, column 5'],
  ])('%j has the flaw %j', (text, flaw) => {
    expect(findFlaw(text)).toBe(flaw);
  });
});

describe('nesting', () => {
  const nested = (depth: number, open: string, close: string) =>
    `{"a":${open.repeat(depth)}0${close.repeat(depth)}}`;

  it.each([
    ['[', ']'],
    ['{"b":', '}'],
  ])('of %s is read 511 levels deep inside the object, not deeper', (open, close) => {
    expect(membersOf(nested(511, open, close)).size).toBe(1);
    expect(wrongWith(nested(512, open, close))).toMatch(/nested more than 512 levels deep at line 1, column/);
  });

  it('does not exhaust the stack, however deep', () => {
    expect(wrongWith(nested(1_000_000, '[', ']'))).toMatch(/nested more than 512 levels/);
  });
});
