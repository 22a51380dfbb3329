import type { FastifyReply } from 'fastify';
import { csvLine } from './csv.js';
import type { ShownRows } from '../wire/data.wire.js';

/** Rows as CSV with a header line. */
export function sendCsv(reply: FastifyReply, rows: Pick<ShownRows, 'names' | 'lists'>): string {
  void reply.type('text/csv; charset=utf-8');
  return [rows.names, ...rows.lists].map(csvLine).join('');
}
