import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { readObject } from '../body-parser.js';

export function readBody(request: FastifyRequest, payload: IncomingMessage): Promise<unknown> {
  const path = request.url.split('?')[0] ?? '';
  return readObject(request, payload, {
    long: /^\/livy\/sessions\/[^/]+\/statements$/.test(path) ? { name: 'code', isText: true } : null,
    isSubmit: /\/(sessions|statements|batches)$/.test(path),
  });
}
