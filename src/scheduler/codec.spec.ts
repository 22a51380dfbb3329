import { describe, expect, it } from '@jest/globals';
import { UnreadableRow } from './ports.js';
import {
  flag,
  jsonColumn,
  listOf,
  mapOf,
  optionalMember,
  member,
  objectOf,
  oneOf,
  orNull,
  text,
  whole,
} from './codec.js';

interface Sample {
  readonly name: string;
  readonly size?: number;
  readonly kinds: readonly ('a' | 'b')[];
  readonly note: string | null;
  readonly marks: Readonly<Record<string, boolean>>;
}
const column = jsonColumn(
  'samples.body',
  objectOf<Sample>({
    name: member('title', text),
    size: optionalMember('size', whole),
    kinds: member('kinds', listOf(oneOf('a', 'b'))),
    note: member('told', orNull(text)),
    marks: member('marks', mapOf(flag)),
  }),
);
const sample: Sample = { name: 'n', kinds: ['a', 'b'], note: null, marks: { x: true } };

describe('a codec whose values are their stored form', () => {
  const codec = listOf(
    objectOf<{ name: string; kind?: 'a' | 'b'; size: number | null }>({
      name: member('name', text),
      kind: optionalMember('kind', oneOf('a', 'b')),
      size: member('size', orNull(whole)),
    }),
  );

  it('returns what it read without a copy', () => {
    const stored = [{ name: 'n', kind: 'a', size: null }];
    expect(codec.decode(stored)).toBe(stored);
  });

  it.each([
    [[{ name: 'n', size: 1.5 }], '0.size: a whole number was expected'],
    [[{ name: 'n' }], '0.size: is missing'],
    [[{ name: 'n', size: 1, more: 1 }], '0.more: is not known to this version'],
    [[{ name: 'n', size: 1 }, null], '1: an object was expected'],
    [[{ name: 'n', size: 1, kind: 'c' }], '0.kind: one of a, b was expected'],
    [[[]], '0: an object was expected'],
    [{}, 'a list was expected'],
  ])('refuses %j all the same', (stored, why) => {
    expect(() => codec.decode(stored)).toThrow(why);
  });

  it('copies where a property has another name than its stored form', () => {
    const renamed = objectOf<{ name: string }>({ name: member('title', text) });
    expect(renamed.decode({ title: 'n' })).toEqual({ name: 'n' });
    expect(() => renamed.decode({ name: 'n' })).toThrow('title: is missing');
  });
});

describe('a JSON column', () => {
  it('is written in the order of its members, under their stored names', () => {
    expect(column.write({ marks: { x: true }, note: null, kinds: ['a', 'b'], name: 'n', size: 3 })).toBe(
      '{"title":"n","size":3,"kinds":["a","b"],"told":null,"marks":{"x":true}}',
    );
  });

  it('reads back what it has written', () => {
    expect(column.read(column.write(sample), '7')).toEqual(sample);
    expect(column.read(column.write({ ...sample, size: 3, note: '' }), '7')).toEqual({
      ...sample,
      size: 3,
      note: '',
    });
  });

  it.each([
    ['{"kinds":[],"told":null,"marks":{}}', 'title: is missing'],
    ['{"title":1,"kinds":[],"told":null,"marks":{}}', 'title: a text was expected'],
    ['{"title":"","size":0.5,"kinds":[],"told":null,"marks":{}}', 'size: a whole number was expected'],
    ['{"title":"","size":null,"kinds":[],"told":null,"marks":{}}', 'size: a whole number was expected'],
    ['{"title":"","kinds":["a","c"],"told":null,"marks":{}}', 'kinds.1: one of a, b was expected'],
    ['{"title":"","kinds":{},"told":null,"marks":{}}', 'kinds: a list was expected'],
    ['{"title":"","kinds":[],"told":1,"marks":{}}', 'told: a text was expected'],
    ['{"title":"","kinds":[],"told":null,"marks":{"x":1}}', 'marks.x: true or false was expected'],
    ['{"title":"","kinds":[],"told":null,"marks":{},"more":1}', 'more: is not known to this version'],
    [
      '{"title":"","kinds":[],"told":null,"marks":{},"__proto__":1}',
      '__proto__: is not known to this version',
    ],
    ['[]', 'an object was expected'],
    ['null', 'an object was expected'],
    ['{', 'it is not valid JSON'],
  ])('refuses %s and says where and why', (stored, why) => {
    expect(() => column.read(stored, '7')).toThrow(new UnreadableRow('samples', '7', `body: ${why}`));
  });
});
