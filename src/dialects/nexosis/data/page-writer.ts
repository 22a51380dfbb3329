import type { FastifyReply } from 'fastify';
import type { DataSet } from '../storage/ports.js';
import { csvLine } from './csv.js';
import type { ResponseRows } from '../wire/data.wire.js';
import { rowsAtATime } from './stored-rows.js';

/** Rows as CSV with a header line. */
export function sendCsv(reply: FastifyReply, rows: Pick<ResponseRows, 'names' | 'lists'>): string {
  void reply.type('text/csv; charset=utf-8');
  return [rows.names, ...rows.lists].map(csvLine).join('');
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** What a page is, for the description of the API: it is written as text, which says nothing of that. */
export const pageAnswer = {
  description: 'The page',
  content: {
    'application/json': { schema: { type: 'object' } },
    'text/csv': { schema: { type: 'string' } },
  },
} as const;

/**
 * One page of rows as JSON or CSV. Ten thousand columns make half a million cells of it, so some rows at a time are shown and
 * written, and others have their turn in between.
 */
export class PageWriter {
  private readonly parts: string[] = [];
  private names: readonly string[] = [];

  constructor(
    private readonly reply: FastifyReply,
    private readonly isCsv: boolean,
  ) {}

  /** `shown` makes of some rows what is seen of them; it is called at least once, because it also checks what was asked for. */
  async add<R>(rows: readonly R[], of: Pick<DataSet, 'columns'>, shown: (some: readonly R[]) => ResponseRows) {
    const most = rowsAtATime(of);
    for (let from = 0; from === 0 || from < rows.length; from += most) {
      const some = shown(rows.slice(from, from + most));
      this.names = some.names;
      if (this.isCsv) this.parts.push(...some.lists.map(csvLine));
      else this.parts.push(...some.objects().map((row) => JSON.stringify(row)));
      await turn();
    }
  }

  csv(): string {
    void this.reply.type('text/csv; charset=utf-8');
    return [csvLine(this.names), ...this.parts].join('');
  }

  /** An object of these members with the rows as `data` between them. */
  async json(before: object, after: object): Promise<string> {
    void this.reply.type('application/json; charset=utf-8');
    const head = JSON.stringify(before).slice(0, -1);
    await turn();
    const text = [`${head},"data":[`, this.parts.join(','), `],`, JSON.stringify(after).slice(1)];
    return text.join('');
  }
}
