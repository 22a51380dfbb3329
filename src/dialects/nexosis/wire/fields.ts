import { shownIn } from '../../../kernel/inherited-names.js';
import type { Millis } from '../../../kernel/time.js';
import { readDate, type ReadDate } from './dates.js';
import { invalidField, invalidRequest } from './errors.js';

/** How many rows or items a page has when nobody says, and at most. */
const [usualPage, largestPage] = [50, 1000];

export interface Paging {
  readonly page: number;
  readonly size: number;
}

/**
 * The parameters of a request by name, whatever its case: from the query and the body, where the body wins. `null`, `''`
 * and absent are the same (nexosis dialect, leniency). A scalar that was repeated counts as said last.
 */
export class Fields {
  private readonly said = new Map<string, unknown>();
  /** Names as they were written, where they have a value. */
  readonly names: string[] = [];

  constructor(...sources: readonly unknown[]) {
    for (const source of sources) {
      if (!isObject(source)) continue;
      for (const [name, value] of Object.entries(source)) {
        if (isEmpty(value)) continue;
        this.said.set(name.toLowerCase(), value);
        this.names.push(name);
      }
    }
  }

  has(...names: string[]): boolean {
    return this.raw(...names) !== undefined;
  }

  /** The first of these names that was said. */
  raw(...names: string[]): unknown {
    return names.map((name) => this.said.get(name.toLowerCase())).find((value) => value !== undefined);
  }

  text(...names: string[]): string | undefined {
    const value = last(this.raw(...names));
    if (value === undefined) return undefined;
    if (typeof value === 'object') throw invalidField(names[0] ?? '', `The value must be a text.`);
    return String(value);
  }

  /** Texts that were repeated or separated by commas. */
  list(...names: string[]): string[] {
    const value = this.raw(...names);
    const all = Array.isArray(value) ? value : value === undefined ? [] : [value];
    return all
      .flatMap((each) => shownIn(each).split(','))
      .map((each) => each.trim())
      .filter((each) => each !== '');
  }

  /** One of `allowed` in any case, or its place in `numbered`, as .NET sends it. */
  choice<T extends string>(name: string, allowed: readonly T[], numbered: readonly T[] = []): T | undefined {
    const said = this.text(name);
    return said === undefined ? undefined : readChoice(name, said, allowed, numbered);
  }

  flag(...names: string[]): boolean | undefined {
    const said = this.text(...names);
    if (said === undefined) return undefined;
    if (/^(true|1)$/i.test(said)) return true;
    if (/^(false|0)$/i.test(said)) return false;
    throw invalidField(names[0] ?? '', `The value '${said}' is not valid: it must be true or false.`);
  }

  date(...names: string[]): ReadDate | undefined {
    const said = this.text(...names);
    if (said === undefined) return undefined;
    const date = readDate(said);
    if (date === null) throw invalidField(names[0] ?? '', `The value '${said}' is not valid for a date.`);
    return date;
  }

  moment(...names: string[]): Millis | undefined {
    return this.date(...names)?.at;
  }

  /** The last moment a text covers: a date without a time means its whole day. */
  until(...names: string[]): Millis | undefined {
    const at = this.moment(...names);
    const wholeDay = at !== undefined && !/\d:\d/.test(this.text(...names) ?? '');
    return wholeDay ? at + 24 * 3600 * 1000 - 1 : at;
  }

  number(name: string): number | undefined {
    const said = this.text(name);
    if (said === undefined) return undefined;
    if (!/^-?\d{1,15}$/.test(said))
      throw invalidField(name, `The value '${said}' is not valid for a number.`);
    return Number(said);
  }

  paging(): Paging {
    const [page, size] = [this.number('page') ?? 0, this.number('pageSize') ?? usualPage];
    const wrong: Record<string, string[]> = {};
    if (page < 0) wrong['page'] = [`The value '${page}' is not valid: pages are counted from 0.`];
    if (size < 1) wrong['pageSize'] = [`The value '${size}' is not valid: it must be 1 to ${largestPage}.`];
    if (Object.keys(wrong).length > 0) throw invalidRequest(wrong);
    return { page, size: Math.min(size, largestPage) };
  }

  /** Which key to sort by; a field's own direction is ascending. */
  sorting<K extends string>(keys: readonly K[], usual: { by: K; descending: boolean }) {
    const by = this.choice('sortBy', keys);
    const order = this.choice('sortOrder', ['asc', 'desc'] as const);
    return {
      sortBy: by ?? usual.by,
      descending: order === undefined ? (by === undefined ? usual.descending : false) : order === 'desc',
    };
  }

  /** A member that is an object, as fields of its own. */
  object(name: string): Fields | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    if (!isObject(value)) throw invalidField(name, 'The value must be an object.');
    return new Fields(value);
  }
}

export function readChoice<T extends string>(
  field: string,
  said: unknown,
  allowed: readonly T[],
  numbered: readonly T[] = [],
): T {
  const text = shownIn(said);
  const found =
    allowed.find((each) => each.toLowerCase() === text.toLowerCase()) ??
    (/^-?\d+$/.test(text) ? numbered[Number(text)] : undefined);
  if (found !== undefined) return found;
  throw invalidField(
    field,
    `The value '${text}' is not valid for ${field}: it must be one of ${allowed.join(', ')}.`,
  );
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const last = (value: unknown): unknown => (Array.isArray(value) ? value.at(-1) : value);

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** An id from the path, in the form it is stored. */
export function readGuid(field: string, said: string): string {
  const id = said.toLowerCase().replace(/^\{(.*)\}$/, '$1');
  if (!guid.test(id)) throw invalidField(field, `The value '${said}' is not valid for Guid.`);
  return id;
}
