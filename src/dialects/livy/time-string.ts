import type { Millis } from '../../kernel/time.js';

const units: ReadonlyMap<string, Millis> = new Map([
  ['us', 0.001],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['min', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['', 1],
]);

/** Parses one of Livy's time strings: digits and a unit, by default milliseconds. Null for any other text. */
export function parseTime(text: string): Millis | null {
  const [, digits, unit] = /^(\d{1,15})\s*([a-z]*)$/.exec(text.trim().toLowerCase()) ?? [];
  const size = unit === undefined ? undefined : units.get(unit);
  return digits === undefined || size === undefined ? null : Math.round(Number(digits) * size);
}
