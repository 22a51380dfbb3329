import type { FastifyReply } from 'fastify';
import type { DataSet } from '../storage/ports.js';
import { csvLine } from './csv.js';
import type { ResponseRows } from '../wire/data.wire.js';
import { rowsPerBatch } from './stored-rows.js';

/** Formats rows as CSV with a header line, and sets the type of the reply. */
export function sendCsv(reply: FastifyReply, rows: Pick<ResponseRows, 'names' | 'lists'>): string {
  void reply.type('text/csv; charset=utf-8');
  return [rows.names, ...rows.lists].map(csvLine).join('');
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Describes a page for the API description, because the route returns it as a string. */
export const pageResponse = {
  description: 'The page',
  content: {
    'application/json': { schema: { type: 'object' } },
    'text/csv': { schema: { type: 'string' } },
  },
} as const;

/**
 * Writes one page of rows as JSON or CSV. With ten thousand columns a page has half a million cells, so it is written
 * in batches, and other work runs in between.
 */
export class PageWriter {
  private readonly parts: string[] = [];
  private names: readonly string[] = [];

  constructor(
    private readonly reply: FastifyReply,
    private readonly isCsv: boolean,
  ) {}

  /**
   * `select` converts stored rows to rows of the response. It is called at least once, because it checks the request.
   */
  async add<R>(
    rows: readonly R[],
    source: Pick<DataSet, 'columns'>,
    select: (rows: readonly R[]) => ResponseRows,
  ) {
    const batchSize = rowsPerBatch(source);
    for (let from = 0; from === 0 || from < rows.length; from += batchSize) {
      const batch = select(rows.slice(from, from + batchSize));
      this.names = batch.names;
      if (this.isCsv) this.parts.push(...batch.lists.map(csvLine));
      else this.parts.push(...batch.objects().map((row) => JSON.stringify(row)));
      await nextTurn();
    }
  }

  csv(): string {
    void this.reply.type('text/csv; charset=utf-8');
    return [csvLine(this.names), ...this.parts].join('');
  }

  /** Returns an object with the members of `before`, the rows as `data`, and the members of `after`. */
  async json(before: object, after: object): Promise<string> {
    void this.reply.type('application/json; charset=utf-8');
    const head = JSON.stringify(before).slice(0, -1);
    await nextTurn();
    const text = [`${head},"data":[`, this.parts.join(','), `],`, JSON.stringify(after).slice(1)];
    return text.join('');
  }
}
