import { UnreadableRow } from './ports.js';

/**
 * Converts a value to its stored form in a JSON column and back. `decode` throws {@link Mismatch} on any unknown form.
 */
export interface Codec<T> {
  decode(stored: unknown): T;
  encode(value: T): unknown;
  /**
   * Returns whether the value is `stored` itself. Then `decode` need not copy it, which matters for rows with thousands of
   * columns. Missing if the value never equals its stored form.
   */
  readonly accepts?: (stored: unknown) => boolean;
}

/** A value does not have the expected stored form. `path`: where in the column. */
export class Mismatch extends Error {
  constructor(
    readonly expected: string,
    readonly path: readonly (string | number)[] = [],
  ) {
    super(path.length === 0 ? expected : `${path.join('.')}: ${expected}`);
  }

  within(part: string | number): Mismatch {
    return new Mismatch(this.expected, [part, ...this.path]);
  }
}

const primitive = <T>(name: string, isValid: (stored: unknown) => boolean): Codec<T> => ({
  decode(stored) {
    if (!isValid(stored)) throw new Mismatch(`${name} was expected`);
    return stored as T;
  },
  encode: (value) => value,
  accepts: isValid,
});

export const text = primitive<string>('a text', (stored) => typeof stored === 'string');
export const flag = primitive<boolean>('true or false', (stored) => typeof stored === 'boolean');
export const number = primitive<number>('a number', Number.isFinite);
/** For milliseconds, counts and codes. */
export const whole = primitive<number>('a whole number', Number.isSafeInteger);
/** Free JSON that is checked elsewhere, such as the options of a driver. */
export const anyObject = primitive<Readonly<Record<string, unknown>>>(
  'an object',
  (stored) => typeof stored === 'object' && stored !== null && !Array.isArray(stored),
);

export const oneOf = <const T extends string>(...known: readonly T[]): Codec<T> =>
  primitive<T>(`one of ${known.join(', ')}`, (stored) => (known as readonly unknown[]).includes(stored));

export const orNull = <T>(codec: Codec<T>): Codec<T | null> => ({
  decode: (stored) => (stored === null ? null : codec.decode(stored)),
  encode: (value) => (value === null ? null : codec.encode(value)),
  ...(codec.accepts && { accepts: (stored) => stored === null || codec.accepts?.(stored) === true }),
});

export function listOf<T>(codec: Codec<T>): Codec<readonly T[]> {
  const { accepts: acceptsEach } = codec;
  const accepts = acceptsEach && ((stored: unknown) => Array.isArray(stored) && stored.every(acceptsEach));
  return {
    decode(stored) {
      if (accepts?.(stored) === true) return stored as readonly T[];
      if (!Array.isArray(stored)) throw new Mismatch('a list was expected');
      return stored.map((each: unknown, i) => decodeAt(i, () => codec.decode(each)));
    },
    encode: (value) => value.map((each) => codec.encode(each)),
    ...(accepts && { accepts }),
  };
}

export const mapOf = <T>(codec: Codec<T>): Codec<Readonly<Record<string, T>>> => ({
  decode: (stored) =>
    Object.fromEntries(
      Object.entries(anyObject.decode(stored)).map(([key, each]) => [
        key,
        decodeAt(key, () => codec.decode(each)),
      ]),
    ),
  encode: (value) =>
    Object.fromEntries(Object.entries(value).map(([key, each]) => [key, codec.encode(each)])),
});

/** A member under its stored name. That name is part of the database format and stays if the property is renamed. */
interface Member<T> {
  readonly name: string;
  readonly codec: Codec<T>;
  readonly optional: boolean;
}
export const member = <T>(name: string, codec: Codec<T>): Member<T> => ({ name, codec, optional: false });
/** An optional member: if it is missing from the stored form, the property is missing too. */
export const optionalMember = <T>(name: string, codec: Codec<T>): Member<T | undefined> => ({
  ...{ name, optional: true },
  codec: codec as Codec<T | undefined>,
});

/** One member for each property of `T`, in the order in which they are written. */
type Members<T> = { readonly [K in keyof T]-?: Member<undefined extends T[K] ? T[K] | undefined : T[K]> };

/** An object with exactly these members. Decoding throws on a missing and on an unknown member. */
export function objectOf<T extends object>(members: Members<T>): Codec<T> {
  const all = Object.entries(members) as [keyof T & string, Member<unknown>][];
  const names = new Set(all.map(([, { name }]) => name));
  const accepts = all.every(([property, { name, codec }]) => property === name && codec.accepts !== undefined)
    ? (stored: unknown) => hasExactly(all, stored)
    : undefined;
  return {
    decode(stored) {
      if (accepts?.(stored) === true) return stored as T;
      const from = anyObject.decode(stored);
      const value: Record<string, unknown> = {};
      let presentCount = 0;
      for (const [property, { name, codec, optional }] of all) {
        if (!Object.hasOwn(from, name)) {
          if (optional) continue;
          throw new Mismatch('is missing', [name]);
        }
        presentCount += 1;
        value[property] = decodeAt(name, () => codec.decode(from[name]));
      }
      if (presentCount < Object.keys(from).length) {
        const unknown = Object.keys(from).find((name) => !names.has(name));
        throw new Mismatch('is not known to this version', [unknown ?? '?']);
      }
      return value as T;
    },
    encode(value) {
      const to: Record<string, unknown> = {};
      for (const [property, { name, codec }] of all)
        if (value[property] !== undefined) to[name] = codec.encode(value[property]);
      return to;
    },
    ...(accepts && { accepts }),
  };
}

/** Whether `stored` is an object with these members and no others, each in a form that its codec accepts. */
function hasExactly(members: readonly [string, Member<unknown>][], stored: unknown): boolean {
  if (typeof stored !== 'object' || stored === null || Array.isArray(stored)) return false;
  let presentCount = 0;
  for (const [, { name, codec, optional }] of members) {
    if (!Object.hasOwn(stored, name)) {
      if (optional) continue;
      return false;
    }
    presentCount += 1;
    if (codec.accepts?.((stored as Record<string, unknown>)[name]) !== true) return false;
  }
  return Object.keys(stored).length === presentCount;
}

function decodeAt<T>(part: string | number, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw error instanceof Mismatch ? error.within(part) : error;
  }
}

/** A column that contains JSON. */
export interface JsonColumn<T> {
  /** `id`: the row's id, for the error message. */
  read(json: string, id: string): T;
  write(value: T): string;
}

/** `where`: `table.column`. Reading an unknown form throws {@link UnreadableRow}. */
export function jsonColumn<T>(where: string, codec: Codec<T>): JsonColumn<T> {
  const [table = '', column = ''] = where.split('.');
  return {
    read(json, id) {
      try {
        return codec.decode(JSON.parse(json));
      } catch (error) {
        const why = error instanceof Mismatch ? error.message : 'it is not valid JSON';
        throw new UnreadableRow(table, id, `${column}: ${why}`);
      }
    },
    write: (value) => JSON.stringify(codec.encode(value)),
  };
}

/** A column that contains one of the words `known`. Reading another word throws {@link UnreadableRow}. */
export function wordColumn<const T extends string>(where: string, known: readonly T[]) {
  const [table = '', column = ''] = where.split('.');
  const words: ReadonlySet<string> = new Set(known);
  return (stored: string, id: string): T => {
    if (words.has(stored)) return stored as T;
    throw new UnreadableRow(table, id, `${column}: "${stored}" is none of ${known.join(', ')}`);
  };
}
