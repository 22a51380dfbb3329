import type { Column, DataType } from '../storage/ports.js';
import { defaultsOf } from '../wire/columns.js';
import { readDate } from '../wire/dates.js';

const number = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;
const logical = /^\s*(true|false|yes|no|on|off|0|1)\s*$/i;
const bit = /^\s*[01](\.0*)?\s*$/;

export const isNumber = (text: string): boolean => number.test(text);

/** Texts of at least so many words on average are prose and no categories. */
const proseWords = 6;

/** What the values of one column look like; empty ones have no say. */
class ColumnSurvey {
  private values = 0;
  private numbers = 0;
  private logicals = 0;
  private bits = 0;
  private dates = 0;
  private words = 0;
  private readonly moments = new Set<number>();

  see(text: string): void {
    this.values += 1;
    if (isNumber(text)) this.numbers += 1;
    if (logical.test(text)) this.logicals += 1;
    if (bit.test(text)) this.bits += 1;
    // One value that is no date decides: the others need not be read.
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

/** Learns from all rows of an upload what its columns hold (nexosis dialect, inference on upload). */
export class Survey {
  rows = 0;
  private readonly columns: ColumnSurvey[] = [];
  private readonly ignored: ReadonlySet<string>;

  constructor(missingValues: readonly string[]) {
    this.ignored = new Set(['', 'nan', ...missingValues.map((text) => text.trim().toLowerCase())]);
  }

  see(rows: readonly (readonly (string | null)[])[]): void {
    this.rows += rows.length;
    for (const row of rows) {
      for (const [i, value] of row.entries()) {
        const column = (this.columns[i] ??= new ColumnSurvey());
        if (value !== null && !this.ignored.has(value.trim().toLowerCase())) column.see(value);
      }
    }
  }

  /** Column `i` as it looks; roles that depend on the others come with {@link assignRoles}. */
  column(name: string, i: number): Column {
    const seen = this.columns[i] ?? new ColumnSurvey();
    return { name, dataType: seen.type, role: 'feature', ...defaultsOf(seen.type, seen.onlyBits) };
  }

  isUniqueDate(i: number): boolean {
    return this.columns[i]?.isUniqueDate ?? false;
  }
}

/**
 * Who is timestamp and target where nobody says: the one date column without repetitions, and the one column beside it.
 * `uniqueDates` are the names of date columns without repetitions.
 */
export function assignRoles(
  columns: readonly Column[],
  uniqueDates: readonly string[],
  declared: boolean,
): Column[] {
  const [timestamp] = uniqueDates;
  const stamped =
    declared || uniqueDates.length !== 1
      ? [...columns]
      : columns.map((column) =>
          column.name === timestamp ? { ...column, role: 'timestamp' as const } : column,
        );
  const rest = stamped.filter(({ role }) => role === 'feature');
  const [only] = rest;
  const alone =
    rest.length === 1 && stamped.every(({ role }) => ['feature', 'timestamp', 'key'].includes(role));
  if (!alone || only === undefined) return stamped;
  return stamped.map((column) => (column === only ? { ...column, role: 'target' as const } : column));
}
