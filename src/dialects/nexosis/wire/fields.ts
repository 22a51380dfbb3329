import { formatValue } from '../../../kernel/inherited-names.js';
import type { Millis } from '../../../kernel/time.js';
import { readDate, type ParsedDate } from './dates.js';
import { invalidField, invalidRequest } from './errors.js';

/** Rows or items of a page: by default, and at most. */
const [defaultPageSize, maxPageSize] = [50, 1000];

export interface Paging {
  readonly page: number;
  readonly size: number;
}

/**
 * The parameters of a request by name in any case. Later sources override earlier ones: the body overrides the query.
 * `null`, `''` and absent mean the same (nexosis dialect, leniency). A repeated scalar has its last value.
 */
export class Fields {
  private readonly values = new Map<string, unknown>();
  /** Names of the parameters that have a value, as sent. */
  readonly names: string[] = [];

  constructor(...sources: readonly unknown[]) {
    for (const source of sources) {
      if (!isObject(source)) continue;
      for (const [name, value] of Object.entries(source)) {
        if (isEmpty(value)) continue;
        this.values.set(name.toLowerCase(), value);
        this.names.push(name);
      }
    }
  }

  has(...names: string[]): boolean {
    return this.raw(...names) !== undefined;
  }

  /** Returns the value of the first of these names that has one. */
  raw(...names: string[]): unknown {
    return names.map((name) => this.values.get(name.toLowerCase())).find((value) => value !== undefined);
  }

  text(...names: string[]): string | undefined {
    const value = last(this.raw(...names));
    if (value === undefined) return undefined;
    if (typeof value === 'object') throw invalidField(names[0] ?? '', `The value must be a text.`);
    return String(value);
  }

  /** Returns the texts of a list, whose items may be repeated parameters or separated by commas. */
  list(...names: string[]): string[] {
    const value = this.raw(...names);
    const all = Array.isArray(value) ? value : value === undefined ? [] : [value];
    return all
      .flatMap((each) => formatValue(each).split(','))
      .map((each) => each.trim())
      .filter((each) => each !== '');
  }

  /** Returns one of `allowed`, given in any case or as an index of `numbered`, as the .NET client sends it. */
  choice<T extends string>(name: string, allowed: readonly T[], numbered: readonly T[] = []): T | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : readChoice(name, text, allowed, numbered);
  }

  flag(...names: string[]): boolean | undefined {
    const text = this.text(...names);
    if (text === undefined) return undefined;
    if (/^(true|1)$/i.test(text)) return true;
    if (/^(false|0)$/i.test(text)) return false;
    throw invalidField(names[0] ?? '', `The value '${text}' is not valid: it must be true or false.`);
  }

  date(...names: string[]): ParsedDate | undefined {
    const text = this.text(...names);
    if (text === undefined) return undefined;
    const date = readDate(text);
    if (date === null) throw invalidField(names[0] ?? '', `The value '${text}' is not valid for a date.`);
    return date;
  }

  moment(...names: string[]): Millis | undefined {
    return this.date(...names)?.at;
  }

  /** Returns the last moment that a date covers. A date without a time covers its whole day. */
  until(...names: string[]): Millis | undefined {
    const at = this.moment(...names);
    const wholeDay = at !== undefined && !/\d:\d/.test(this.text(...names) ?? '');
    return wholeDay ? at + 24 * 3600 * 1000 - 1 : at;
  }

  number(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (!/^-?\d{1,15}$/.test(text))
      throw invalidField(name, `The value '${text}' is not valid for a number.`);
    return Number(text);
  }

  paging(): Paging {
    const [page, size] = [this.number('page') ?? 0, this.number('pageSize') ?? defaultPageSize];
    const problems: Record<string, string[]> = {};
    if (page < 0) problems['page'] = [`The value '${page}' is not valid: pages are counted from 0.`];
    if (size < 1)
      problems['pageSize'] = [`The value '${size}' is not valid: it must be 1 to ${maxPageSize}.`];
    if (Object.keys(problems).length > 0) throw invalidRequest(problems);
    return { page, size: Math.min(size, maxPageSize) };
  }

  /** Returns the key and the direction to sort by. A key that was requested without a direction sorts ascending. */
  sorting<K extends string>(keys: readonly K[], defaults: { by: K; descending: boolean }) {
    const by = this.choice('sortBy', keys);
    const order = this.choice('sortOrder', ['asc', 'desc'] as const);
    return {
      sortBy: by ?? defaults.by,
      descending: order === undefined ? (by === undefined ? defaults.descending : false) : order === 'desc',
    };
  }

  /** Returns the members of an object as fields of their own. */
  object(name: string): Fields | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    if (!isObject(value)) throw invalidField(name, 'The value must be an object.');
    return new Fields(value);
  }
}

export function readChoice<T extends string>(
  field: string,
  value: unknown,
  allowed: readonly T[],
  numbered: readonly T[] = [],
): T {
  const text = formatValue(value);
  const match =
    allowed.find((each) => each.toLowerCase() === text.toLowerCase()) ??
    (/^-?\d+$/.test(text) ? numbered[Number(text)] : undefined);
  if (match !== undefined) return match;
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

/** Returns an id from the path in its stored form. */
export function readGuid(field: string, text: string): string {
  const id = text.toLowerCase().replace(/^\{(.*)\}$/, '$1');
  if (!guid.test(id)) throw invalidField(field, `The value '${text}' is not valid for Guid.`);
  return id;
}
