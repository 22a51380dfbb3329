import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { readObject, shortBodyLimit } from '../body-parser.js';

/**
 * Most bytes of a body. Operators add backends with descriptions of devices: a thousand qubits take several megabytes.
 */
const limitOf = (path: string): number => (path.endsWith('/admin/backends') ? 16 : 1) * shortBodyLimit;

/** Reads the bodies of this dialect and of the operator API. */
export function readBody(request: FastifyRequest, payload: IncomingMessage): Promise<unknown> {
  const path = request.url.split('?')[0] ?? '';
  return readObject(request, payload, {
    long: path.endsWith('/jobs') ? { name: 'params', isText: false } : null,
    limit: limitOf(path),
    isSubmit: /\/(jobs|sessions)$/.test(path),
    isForm: path.endsWith('/identity/token'),
  });
}
