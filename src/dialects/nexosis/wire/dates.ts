import type { Millis } from '../../../kernel/time.js';

/** A date as a client wrote it: its moment, and the offset it was written with (minutes; UTC where none was). */
export interface ReadDate {
  readonly at: Millis;
  readonly offset: number;
  /** Fraction of the second to seven digits, so that rows closer than a millisecond stay apart. */
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

/** Reads the forms that clients send (nexosis dialect, dates and numbers); null for anything else. */
export function readDate(text: string): ReadDate | null {
  const trimmed = text.trim();
  // Most values of a data set are no dates; they are told by their first characters.
  if (!/^\d{1,4}[-/]|^[A-Z][a-z]{2} /.test(trimmed)) return null;
  const year = iso.exec(trimmed) ?? isoSlashes.exec(trimmed);
  if (year !== null) {
    const [, y, m, d, ...rest] = year;
    return assemble([Number(y), Number(m), Number(d)], rest);
  }
  const month = us.exec(trimmed);
  if (month !== null) {
    const [, m, , d, y, ...rest] = month;
    return assemble([Number(y), Number(m), Number(d)], rest);
  }
  const said = javascript.exec(trimmed);
  if (said === null) return null;
  const [, name = '', d, y, h, min, s, offset] = said;
  return assemble(
    [Number(y), months.indexOf(name) + 1, Number(d)],
    [h, min, s, undefined, undefined, offset],
  );
}

function assemble(
  [year, month, day]: readonly [number, number, number],
  [h, min, s, fraction, half, zoned]: readonly (string | undefined)[],
): ReadDate | null {
  const hour =
    half === undefined ? Number(h ?? 0) : (Number(h) % 12) + (half.toUpperCase() === 'PM' ? 12 : 0);
  const [minute, second] = [Number(min ?? 0), Number(s ?? 0)];
  const digits = (fraction ?? '').padEnd(7, '0').slice(0, 7);
  const local = Date.UTC(year, month - 1, day, hour, minute, second, Number(digits.slice(0, 3)));
  const date = new Date(local);
  // 31 February rolls over to March: it is no date. Nor is one of the years that JavaScript takes for 1900 to 1999.
  const same =
    date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!same || minute > 59 || second > 59) return null;
  const offset = offsetOf(zoned);
  return { at: local - offset * 60_000, offset, fraction: digits };
}

function offsetOf(zoned: string | undefined): number {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zoned ?? '') ?? [];
  if (sign === undefined) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes ?? 0));
}

const seconds = (at: Millis): string => new Date(at).toISOString().slice(0, 19);

/** `2018-03-28T12:49:02.165+00:00`, as created and requested dates are written. */
export function writeMoment(at: Millis): string {
  const fraction = String(((at % 1000) + 1000) % 1000)
    .padStart(3, '0')
    .replace(/0+$/, '');
  return `${seconds(at)}${fraction === '' ? '' : `.${fraction}`}+00:00`;
}

/** `2008-08-31T00:00:00+08:00`: start and end of a session, with the offset as it was sent. */
export function writeWithOffset({ at, offset }: ReadDate): string {
  const size = Math.abs(offset);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${seconds(at + offset * 60_000)}${offset < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** `2016-10-10T00:00:00.0000000Z`: timestamps in rows of results. */
export const writeTimestamp = ({ at, fraction }: Pick<ReadDate, 'at' | 'fraction'>): string =>
  `${seconds(at)}.${fraction}Z`;

/** A text that is a date in the form of {@link writeTimestamp}, any other as it is. */
export function normalised(text: string): string {
  const date = readDate(text);
  return date === null ? text : writeTimestamp(date);
}

/** `2017-01-22T00:00:00.0000000+00:00`: dates in details of errors. */
export const writeDetail = (date: ReadDate): string =>
  writeWithOffset(date).replace(/([+-]\d{2}:\d{2})$/, `.${date.fraction}$1`);
