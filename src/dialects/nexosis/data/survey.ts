import type { Column, DataType } from '../storage/ports.js';
import { defaultsOf } from '../wire/columns.js';
import { readDate } from '../wire/dates.js';

const number = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;
const logical = /^\s*(true|false|yes|no|on|off|0|1)\s*$/i;
const bit = /^\s*[01](\.0*)?\s*$/;

export const isNumber = (text: string): boolean => number.test(text);

/** Values with at least this many words on average count as prose and not as categories. */
const proseWords = 6;

/** Infers the type of one column from its values. */
class ColumnSurvey {
  private values = 0;
  private numbers = 0;
  private logicals = 0;
  private bits = 0;
  private dates = 0;
  private words = 0;
  private readonly moments = new Set<number>();

  add(text: string): void {
    this.values += 1;
    if (isNumber(text)) this.numbers += 1;
    if (logical.test(text)) this.logicals += 1;
    if (bit.test(text)) this.bits += 1;
    // Stop parsing dates after the first value that is not one.
    if (this.dates === this.values - 1) {
      const date = readDate(text);
      if (date === null) this.moments.clear();
      else {
        this.dates += 1;
        this.moments.add(date.at);
      }
    }
    if (this.numbers === 0) this.words += text.trim().split(/\s+/, 50).length;
  }

  get type(): DataType {
    if (this.values === 0) return 'string';
    if (this.dates === this.values) return 'date';
    if (this.numbers === this.values) return 'numericMeasure';
    if (this.logicals === this.values) return 'logical';
    return this.numbers === 0 && this.words / this.values >= proseWords ? 'text' : 'string';
  }

  get isUniqueDate(): boolean {
    return this.type === 'date' && this.moments.size === this.values;
  }

  get onlyBits(): boolean {
    return this.bits === this.values;
  }
}

/** Infers the columns of an upload from all its rows (nexosis dialect, inference on upload). */
export class Survey {
  rows = 0;
  private readonly columns: ColumnSurvey[] = [];
  private readonly ignored: ReadonlySet<string>;

  constructor(missingValues: readonly string[]) {
    this.ignored = new Set(['', 'nan', ...missingValues.map((text) => text.trim().toLowerCase())]);
  }

  add(rows: readonly (readonly (string | null)[])[]): void {
    this.rows += rows.length;
    for (const row of rows) {
      for (const [i, value] of row.entries()) {
        const column = (this.columns[i] ??= new ColumnSurvey());
        if (value !== null && !this.ignored.has(value.trim().toLowerCase())) column.add(value);
      }
    }
  }

  /** Returns column `i` with its inferred type. {@link assignRoles} assigns the roles that depend on other columns. */
  column(name: string, i: number): Column {
    const survey = this.columns[i] ?? new ColumnSurvey();
    return { name, dataType: survey.type, role: 'feature', ...defaultsOf(survey.type, survey.onlyBits) };
  }

  isUniqueDate(i: number): boolean {
    return this.columns[i]?.isUniqueDate ?? false;
  }
}

/**
 * Infers timestamp and target: the only date column without repetitions, and the only other column. `uniqueDates`:
 * names of the date columns without repetitions. `declared`: the upload declares a timestamp or a key, so none is
 * inferred.
 */
export function assignRoles(
  columns: readonly Column[],
  uniqueDates: readonly string[],
  declared: boolean,
): Column[] {
  const [timestamp] = uniqueDates;
  const withTimestamp =
    declared || uniqueDates.length !== 1
      ? [...columns]
      : columns.map((column) =>
          column.name === timestamp ? { ...column, role: 'timestamp' as const } : column,
        );
  const rest = withTimestamp.filter(({ role }) => role === 'feature');
  const [only] = rest;
  const isOnly =
    rest.length === 1 && withTimestamp.every(({ role }) => ['feature', 'timestamp', 'key'].includes(role));
  if (!isOnly || only === undefined) return withTimestamp;
  return withTimestamp.map((column) => (column === only ? { ...column, role: 'target' as const } : column));
}
