/**
 * Names that every object inherits. Libraries that build an object from a request's members confuse a member of such a
 * name with the inherited one: they throw, or lose it. Renaming the member before and restoring it after avoids that.
 */
const inherited: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  'prototype',
]);

const mark = '\u0000';
const markedName = new RegExp(`${mark}(${[...inherited].join('|')})`, 'g');

/** Returns a copy with such names marked at any depth, or the same value if it contains none. */
export const escapeInherited = <T>(value: T): T =>
  renamed(value, (key) => (inherited.has(key) ? mark + key : key)) as T;

/** Restores marked names in plain objects at any depth. */
export const unescapeInherited = <T>(value: T): T =>
  renamed(value, (key) => (key.startsWith(mark) && inherited.has(key.slice(1)) ? key.slice(1) : key)) as T;

/** Restores marked names in a message. */
export const unescapeInMessage = (message: string): string => message.replace(markedName, '$1');

/** Returns an object that inherits no names, for members whose names come from outside. */
export const emptyRecord = <T>(): Record<string, T> => Object.create(null) as Record<string, T>;

/** Formats a value from outside for a message. Does not call an object's `toString`, which need not be a function. */
export const formatValue = (value: unknown): string =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);

function renamed(value: unknown, rename: (key: string) => string): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => renamed(item, rename));
    return items.every((item, i) => item === value[i]) ? value : items;
  }
  if (!isPlain(value)) return value;
  let isSame = true;
  const entries = Object.entries(value).map(([key, member]): [string, unknown] => {
    const entry: [string, unknown] = [rename(key), renamed(member, rename)];
    isSame &&= entry[0] === key && entry[1] === member;
    return entry;
  });
  // `fromEntries` defines each name as an own member, even `__proto__`.
  return isSame ? value : Object.fromEntries(entries);
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
