import { describe, expect, it } from '@jest/globals';
import { BadRequestException } from '@nestjs/common';
import fc from 'fast-check';
import { parse, RawJson } from './body-parser.js';

describe('parse', () => {
  it('returns the same as JSON.parse', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (body) => {
        const plain = Object.fromEntries(Object.entries(body).filter(([key]) => key !== '__proto__'));
        expect(parse(JSON.stringify(body), [])).toEqual(JSON.parse(JSON.stringify(plain)));
      }),
    );
  });

  it('keeps an object byte for byte if its member is listed as raw', () => {
    const text = '{"a" : NaN, "big":123456789012345678901234567890, "f":1.0, "u":"\\u00fc"}';
    expect(parse(`{"params": ${text} , "tags":["a"]}`, ['params'])).toEqual({
      ...{ params: new RawJson(text), tags: ['a'] },
    });
  });

  it.each(['[1]', '"text"', '7', 'null'])('parses a raw member that is not an object: %s', (text) => {
    expect(parse(`{"params":${text}}`, ['params'])).toEqual({ params: JSON.parse(text) });
  });

  it('does not let a body change the prototype', () => {
    const body = parse('{"__proto__":{"role":"admin"},"a":{"__proto__":{"role":"admin"}}}', []);
    expect((body as { role?: string }).role).toBeUndefined();
    expect(Object.getPrototypeOf(body)).toBe(Object.prototype);
  });

  it('names the position of a syntax error', () => {
    expect(() => parse('{"a":1,\n}', [])).toThrow(
      new BadRequestException(
        'The body is not valid JSON: expected a member name in double quotes at line 2, column 1.',
      ),
    );
  });

  it('refuses NaN outside raw members', () => {
    expect(() => parse('{"cost":NaN}', ['params'])).toThrow(
      new BadRequestException('The body is not valid JSON: cost holds NaN or Infinity.'),
    );
  });
});
