import { describe, expect, it } from '@jest/globals';
import type { FastifyReply } from 'fastify';
import { PageWriter } from './page-writer.js';
import { table } from '../wire/data.wire.js';
import type { Column } from '../storage/ports.js';

const reply = { type: () => undefined } as unknown as FastifyReply;
const columns = Array.from({ length: 10_000 }, (_, i) => ({ name: `c${i}` })) as Column[];
const names = columns.map(({ name }) => name);
const rows = Array.from({ length: 20 }, (_, row) => names.map((_, i) => `${row} "${i}"`));

describe('a page of wide rows', () => {
  it.each([true, false])('lets other work run after every 20,000 cells (CSV: %s)', async (isCsv) => {
    let turns = 0;
    let ended = false;
    const count = () => {
      turns += 1;
      if (!ended) setImmediate(count);
    };
    setImmediate(count);
    const batchSizes: number[] = [];
    const page = new PageWriter(reply, isCsv);
    await page.add(rows, { columns }, (some) => {
      batchSizes.push(some.length);
      return table(names, some);
    });
    const text = isCsv ? page.csv() : await page.json({ a: 1 }, { z: 2 });
    ended = true;
    expect(batchSizes).toEqual(Array(10).fill(2));
    expect(turns).toBeGreaterThanOrEqual(10);
    if (!isCsv) expect(JSON.parse(text)).toEqual({ a: 1, data: table(names, rows).objects(), z: 2 });
    else expect(text.split('\r\n')).toHaveLength(22);
  });

  it('without rows is still checked and still has its header', async () => {
    const page = new PageWriter(reply, true);
    await page.add([], { columns }, () => table(['a', 'b'], []));
    expect(page.csv()).toBe('a,b\r\n');
  });
});
