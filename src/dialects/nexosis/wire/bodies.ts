import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { readBuffer, contentTypeOf, shortBodyLimit } from '../../body-parser.js';
import { bodyDigest, type WithBodyDigest } from '../../submit-key.js';
import { SentBody } from './request.js';

/** Largest body of a prediction, in bytes. Parsing it blocks the event loop for less than a tenth of a second. */
const predictLimit = 8e6;

/** Returns the body limit of a path, in bytes. Only data sets are uploaded in many megabytes. */
function limitOf(path: string, upload: number): number {
  if (/\/data\/[^/]+$/i.test(path)) return upload;
  return Math.min(upload, /\/predict$/i.test(path) ? predictLimit : shortBodyLimit);
}

/** Reads a body as bytes, because CSV and JSON may be too long for one string. `upload`: body limit of a data set. */
export async function readBody(
  request: FastifyRequest,
  payload: IncomingMessage,
  upload: number,
): Promise<SentBody> {
  const path = request.url.split('?')[0] ?? '';
  const bytes = await readBuffer(payload, limitOf(path, upload));
  if (request.method === 'POST') (request as WithBodyDigest).bodyDigest = bodyDigest(bytes);
  return new SentBody(bytes, contentTypeOf(request));
}
