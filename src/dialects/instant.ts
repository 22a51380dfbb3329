import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsDate, IsOptional, isISO8601 } from 'class-validator';
import type { Millis } from '../kernel/time.js';

/** The rule for times, as the rest of a sentence that begins with the name of the field. */
export const timeRule =
  'must be a time in ISO 8601, such as 2026-11-27T12:00:00Z (UTC where it names no offset)';

const withoutZone = /T\d{2}(:?\d{2}){0,2}([.,]\d+)?$/;

/**
 * Reads a date or date-time in ISO 8601; null for any other text. A time without an offset is UTC, because the
 * machine's time zone must not decide which month a bill covers.
 */
export function readInstant(text: string): Millis | null {
  // If the client did not encode the query, the + of an offset arrives as a space.
  const iso = text
    .trim()
    .replace(/^(\S+T\S+) (\d{2}:?\d{2})$/, '$1+$2')
    .replace(/^(\d{4}-\d{2}-\d{2}) (?=\d)/, '$1T');
  if (!isISO8601(iso, { strict: true })) return null;
  const at = Date.parse(withoutZone.test(iso) ? `${iso}Z` : iso);
  return Number.isNaN(at) ? null : at;
}

/** Declares an optional member or parameter as a time that {@link readInstant} reads. */
export const Instant = (): PropertyDecorator =>
  applyDecorators(
    IsOptional(),
    Transform(({ value }: { value: unknown }) =>
      value == null ? value : new Date((typeof value === 'string' ? readInstant(value) : null) ?? Number.NaN),
    ),
    IsDate({ message: `$property ${timeRule}` }),
  );
