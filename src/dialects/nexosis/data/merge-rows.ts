import type { Aggregation, Column } from '../storage/ports.js';
import { isNumeric } from '../wire/columns.js';
import { isNumber } from './survey.js';

/** Merges rows into one by the aggregation of each column (nexosis dialect, strategies). */
export function mergeRows(
  rows: readonly (readonly string[])[],
  columns: readonly Column[],
  missingValues: readonly string[],
): readonly string[] {
  const [only] = rows;
  if (rows.length === 1 && only !== undefined) return only;
  const empty = new Set(['', ...missingValues.map((text) => text.trim())]);
  return columns.map((column, i) => {
    const values = rows.map((row) => row[i] ?? '').filter((value) => !empty.has(value.trim()));
    const how = column.aggregation ?? 'mode';
    if (values.length === 0) return '';
    return isNumeric(column) && how !== 'mode' && values.every(isNumber)
      ? String(Number(ofNumbers(values.map(Number), how).toPrecision(15)))
      : mostFrequent(values);
  });
}

function ofNumbers(values: readonly number[], how: Exclude<Aggregation, 'mode'>): number {
  const ordered = values.toSorted((a, b) => a - b);
  const sum = ordered.reduce((total, value) => total + value, 0);
  switch (how) {
    case 'sum':
      return sum;
    case 'mean':
      return sum / ordered.length;
    case 'median':
      // For an even number of values, the lower of the two in the middle.
      return ordered[Math.floor((ordered.length - 1) / 2)] ?? 0;
    case 'min':
      return ordered[0] ?? 0;
    case 'max':
      return ordered.at(-1) ?? 0;
  }
}

function mostFrequent(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const [first] = [...counts].sort(([, a], [, b]) => b - a);
  return first?.[0] ?? '';
}
