import { describe, expect, it } from '@jest/globals';
import type { Column, DataRow } from '../storage/ports.js';
import { rowsPerBatch, storedRows } from './stored-rows.js';

const columns = (count: number): Column[] =>
  Array.from({ length: count }, (_, i) => ({ name: `c${i}`, dataType: 'string', role: 'feature' }));

describe('stored rows', () => {
  it('come in smaller batches the more columns there are, with at least one row', () => {
    expect([1, 20, 21, 20_000, 20_001].map((count) => rowsPerBatch({ columns: columns(count) }))).toEqual([
      1000, 1000, 952, 1, 1,
    ]);
  });

  it('are read in order, and other work runs before each further batch', async () => {
    const all: DataRow[] = Array.from({ length: 2500 }, (_, i) => ({
      at: 0,
      seq: i + 1,
      values: [String(i)],
    }));
    const reads = {
      rowsAfter: (_: number, after: DataRow | null, limit: number) =>
        Promise.resolve(all.slice(after?.seq ?? 0, (after?.seq ?? 0) + limit)),
    };
    let turns = 0;
    const batches: [rows: number, turns: number][] = [];
    const seen: string[] = [];
    for await (const rows of storedRows(reads, { id: 1, columns: columns(1) })) {
      batches.push([rows.length, turns]);
      seen.push(...rows.map(({ values }) => String(values[0])));
      setImmediate(() => (turns += 1));
    }
    expect(batches).toEqual([
      [1000, 0],
      [1000, 1],
      [500, 2],
    ]);
    expect(seen).toEqual(all.map(({ values }) => values[0]));
  });
});
