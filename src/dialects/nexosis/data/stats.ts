import type { Column } from '../storage/ports.js';
import { isNumeric } from '../wire/columns.js';
import { isNumber } from './survey.js';

/** Most distinct values that are counted for `mode` and `distinctCount`. Further ones are not counted. */
const maxDistinct = 10_000;

/**
 * Statistics of one column in one pass. Uses Welford's method for the variance, so that large values lose no digits.
 */
export class ColumnStats {
  private total = 0;
  private missing = 0;
  private errors = 0;
  private count = 0;
  private mean = 0;
  private squares = 0;
  private min = Infinity;
  private max = -Infinity;
  private readonly numbers: number[] = [];
  private readonly values = new Map<string, number>();

  constructor(
    private readonly column: Column,
    private readonly missingValues: ReadonlySet<string>,
  ) {}

  add(text: string): void {
    this.total += 1;
    if (text.trim() === '' || this.missingValues.has(text)) {
      this.missing += 1;
      return;
    }
    if (this.values.size < maxDistinct || this.values.has(text))
      this.values.set(text, (this.values.get(text) ?? 0) + 1);
    if (!isNumeric(this.column)) return;
    if (!isNumber(text)) {
      this.errors += 1;
      return;
    }
    const value = Number(text);
    this.count += 1;
    const gap = value - this.mean;
    this.mean += gap / this.count;
    this.squares += gap * (value - this.mean);
    this.min = Math.min(this.min, value);
    this.max = Math.max(this.max, value);
    this.numbers.push(value);
  }

  /** Returns the statistics under the names that older and younger clients read (nexosis dialect, statistics). */
  summary(lastCalculated: string) {
    const [mode] = [...this.values].sort((a, b) => b[1] - a[1])[0] ?? [];
    const variance = this.count > 1 ? this.squares / (this.count - 1) : 0;
    const numeric = this.count > 0 && {
      ...{ mean: this.mean, median: medianOf(this.numbers), min: this.min, max: this.max },
      ...{ variance, stddev: Math.sqrt(variance) },
    };
    return {
      totalCount: this.total,
      lastCalculated,
      distinctCount: this.values.size,
      errorCount: this.errors,
      missingCount: this.missing,
      suggestedType: this.column.dataType,
      ...(mode !== undefined && { mode }),
      ...{ row_count: this.total, errors: this.errors, non_numeric: this.total - this.missing - this.count },
      ...numeric,
    };
  }
}

/** Returns the median. For an even number of values, it is the lower of the two in the middle. */
function medianOf(numbers: number[]): number {
  const sorted = Float64Array.from(numbers).sort();
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
