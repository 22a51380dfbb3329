/**
 * Names that every object has. Libraries that build an object from a request's members take such a member for the object's
 * own machinery: it fails them, or is lost. Set aside before and put back after, it is a member like any other.
 */
const inherited: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  'prototype',
]);

const mark = '\u0000';
const aside = new RegExp(`${mark}(${[...inherited].join('|')})`, 'g');

/** A copy with such names set aside at any depth; the same value where there are none. */
export const setAside = <T>(value: T): T =>
  renamed(value, (key) => (inherited.has(key) ? mark + key : key)) as T;

/** Puts the names back, in plain objects at any depth. */
export const putBack = <T>(value: T): T =>
  renamed(value, (key) => (key.startsWith(mark) && inherited.has(key.slice(1)) ? key.slice(1) : key)) as T;

/** A message as its reader wrote the names. */
export const readable = (message: string): string => message.replace(aside, '$1');

/** For members that are named from outside: it inherits none, so that each is what was put there. */
export const emptyRecord = <T>(): Record<string, T> => Object.create(null) as Record<string, T>;

/** A value from outside in a message. An object may have a `toString` of its own, which is no function. */
export const shownIn = (value: unknown): string =>
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
  // Makes members of them all, `__proto__` too.
  return isSame ? value : Object.fromEntries(entries);
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
