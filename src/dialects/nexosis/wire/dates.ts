import type { Millis } from '../../../kernel/time.js';

/** A date that a client sent: its moment, and its offset from UTC in minutes (0 if it had none). */
export interface ParsedDate {
  readonly at: Millis;
  readonly offset: number;
  /** Seven digits of the second's fraction, so that rows less than a millisecond apart stay distinct. */
  readonly fraction: string;
}

const time = String.raw`(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([AP]M)?)?`;
const zone = String.raw`\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?`;
const iso = new RegExp(String.raw`^(\d{4})-(\d{1,2})-(\d{1,2})${time}${zone}$`, 'i');
const isoSlashes = new RegExp(String.raw`^(\d{4})/(\d{1,2})/(\d{1,2})${time}${zone}$`, 'i');
/** US order: month first. */
const us = new RegExp(String.raw`^(\d{1,2})([-/])(\d{1,2})\2(\d{4})${time}${zone}$`, 'i');
/** `Date.toString()` of JavaScript: `Tue Jan 26 2016 00:00:00 GMT+0100 (CET)`. */
const javascript =
  /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT([+-]\d{4})(?: \(.*\))?$/;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Parses the forms that clients send (nexosis dialect, dates and numbers). Returns null for any other text. */
export function readDate(text: string): ParsedDate | null {
  const trimmed = text.trim();
  // Most values of a data set are not dates, which their first characters show.
  if (!/^\d{1,4}[-/]|^[A-Z][a-z]{2} /.test(trimmed)) return null;
  const yearFirst = iso.exec(trimmed) ?? isoSlashes.exec(trimmed);
  if (yearFirst !== null) {
    const [, y, m, d, ...rest] = yearFirst;
    return assemble([Number(y), Number(m), Number(d)], rest);
  }
  const monthFirst = us.exec(trimmed);
  if (monthFirst !== null) {
    const [, m, , d, y, ...rest] = monthFirst;
    return assemble([Number(y), Number(m), Number(d)], rest);
  }
  const match = javascript.exec(trimmed);
  if (match === null) return null;
  const [, name = '', d, y, h, min, s, offset] = match;
  return assemble(
    [Number(y), months.indexOf(name) + 1, Number(d)],
    [h, min, s, undefined, undefined, offset],
  );
}

function assemble(
  [year, month, day]: readonly [number, number, number],
  [h, min, s, fraction, half, zoned]: readonly (string | undefined)[],
): ParsedDate | null {
  const hour =
    half === undefined ? Number(h ?? 0) : (Number(h) % 12) + (half.toUpperCase() === 'PM' ? 12 : 0);
  const [minute, second] = [Number(min ?? 0), Number(s ?? 0)];
  const digits = (fraction ?? '').padEnd(7, '0').slice(0, 7);
  const local = Date.UTC(year, month - 1, day, hour, minute, second, Number(digits.slice(0, 3)));
  const date = new Date(local);
  // JavaScript rolls 31 February over to March and reads the years 0 to 99 as 1900 to 1999. Neither is a date here.
  const isSame =
    date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!isSame || minute > 59 || second > 59) return null;
  const offset = offsetOf(zoned);
  return { at: local - offset * 60_000, offset, fraction: digits };
}

function offsetOf(zoned: string | undefined): number {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zoned ?? '') ?? [];
  if (sign === undefined) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes ?? 0));
}

const seconds = (at: Millis): string => new Date(at).toISOString().slice(0, 19);

/** Formats created and requested dates: `2018-03-28T12:49:02.165+00:00`. */
export function writeMoment(at: Millis): string {
  const fraction = String(((at % 1000) + 1000) % 1000)
    .padStart(3, '0')
    .replace(/0+$/, '');
  return `${seconds(at)}${fraction === '' ? '' : `.${fraction}`}+00:00`;
}

/** Formats start and end of a session with the offset that was sent: `2008-08-31T00:00:00+08:00`. */
export function writeWithOffset({ at, offset }: ParsedDate): string {
  const size = Math.abs(offset);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${seconds(at + offset * 60_000)}${offset < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** Formats timestamps in rows of results: `2016-10-10T00:00:00.0000000Z`. */
export const writeTimestamp = ({ at, fraction }: Pick<ParsedDate, 'at' | 'fraction'>): string =>
  `${seconds(at)}.${fraction}Z`;

/** Formats a date as {@link writeTimestamp} does. Returns any other text unchanged. */
export function normaliseDate(text: string): string {
  const date = readDate(text);
  return date === null ? text : writeTimestamp(date);
}

/** Formats dates in details of errors: `2017-01-22T00:00:00.0000000+00:00`. */
export const writeDetail = (date: ParsedDate): string =>
  writeWithOffset(date).replace(/([+-]\d{2}:\d{2})$/, `.${date.fraction}$1`);
