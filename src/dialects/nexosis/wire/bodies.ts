import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { readWhole, sentTypeOf, shortBodyLimit } from '../../body-parser.js';
import { bodyDigest, type WithBodyDigest } from '../../submit-key.js';
import { SentBody } from './request.js';

/** Bytes of rows to predict from. They are read as a whole, and everyone waits meanwhile: for less than a tenth of a second. */
const predictLimit = 8e6;

/** Data sets are uploaded in many megabytes; what the other routes take is short. */
function limitOf(path: string, upload: number): number {
  if (/\/data\/[^/]+$/i.test(path)) return upload;
  return Math.min(upload, /\/predict$/i.test(path) ? predictLimit : shortBodyLimit);
}

/** As it came: CSV and JSON alike may be too large for one text. `upload` is the limit of a data set. */
export async function readBody(
  request: FastifyRequest,
  payload: IncomingMessage,
  upload: number,
): Promise<SentBody> {
  const path = request.url.split('?')[0] ?? '';
  const bytes = await readWhole(payload, limitOf(path, upload));
  if (request.method === 'POST') (request as WithBodyDigest).bodyDigest = bodyDigest(bytes);
  return new SentBody(bytes, sentTypeOf(request));
}
