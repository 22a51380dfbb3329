import type { IncomingMessage } from 'node:http';
import { BadRequestException, PayloadTooLargeException } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { SentBody } from './nexosis/asked.js';
import { isOurs as isNexosis } from './nexosis/paths.js';
import { bodyDigest, type WithBodyDigest } from './submit-key.js';
import { JsonTextError, membersOf, NoObjectError } from '../scheduler/json-text.js';

/** Job inputs may have 64 MiB; the rest of the request around them is small. */
export const bodyLimit = 65 * 1024 * 1024;

/** A member of a body that is kept as it came. */
export class RawJson {
  constructor(readonly text: string) {}
}

/**
 * Reads bodies by path and not by header: the Qiskit client leaves `Content-Type` on requests without a body and old IAM
 * libraries misspell it (qiskit-runtime dialect, request headers). A body that is no JSON, or is too large, is refused
 * before any route sees it.
 */
export function installBodyParser(fastify: FastifyInstance, nexosisLimit = bodyLimit): void {
  fastify.removeAllContentTypeParsers();
  // Fastify looks at the type first, and answers 415 to one it cannot read.
  fastify.addHook('onRequest', (request, _, done) => {
    (request as Typed).sentType = request.headers['content-type'];
    if (request.headers['content-type'] !== undefined)
      request.headers['content-type'] = 'application/octet-stream';
    done();
  });
  fastify.addContentTypeParser('*', (request, payload, done) => {
    const body = isNexosis(request.url)
      ? collectRaw(request, payload, nexosisLimit)
      : collect(request, payload);
    body.then(
      (body) => done(null, body),
      (error: unknown) => done(error as Error),
    );
  });
}

type Typed = FastifyRequest & { sentType?: string | undefined };

/** As it came: CSV and JSON alike may be too large for one text. */
async function collectRaw(
  request: FastifyRequest,
  payload: IncomingMessage,
  limit: number,
): Promise<SentBody> {
  const bytes = await read(payload, limit);
  if (request.method === 'POST') (request as WithBodyDigest).bodyDigest = bodyDigest(bytes);
  return new SentBody(bytes, (request as Typed).sentType ?? '');
}

async function collect(request: FastifyRequest, payload: IncomingMessage): Promise<unknown> {
  const body = await read(payload);
  if (body.length === 0) return undefined;
  const path = request.url.split('?')[0] ?? '';
  if (/\/(jobs|sessions|statements|batches)$/.test(path))
    (request as WithBodyDigest).bodyDigest = bodyDigest(body);
  const text = decode(body);
  if (path.endsWith('/identity/token')) return Object.fromEntries(new URLSearchParams(text));
  return parse(text, path.endsWith('/jobs') ? ['params'] : []);
}

/** By events: an asynchronous iterator costs more than all the rest of reading a small body. */
function read(payload: IncomingMessage, limit = bodyLimit): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const refuse = () =>
      reject(
        new PayloadTooLargeException(
          `The body has ${megabytes(size)} MB, more than the limit of ${megabytes(limit)} MB.`,
        ),
      );
    // A body that is too large is still read to its end, and thrown away: a client that is busy sending does not listen.
    payload.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else chunks.length = 0;
      if (size <= 16 * limit) return;
      refuse();
      payload.destroy();
    });
    payload.on('end', () => (size > limit ? refuse() : resolve(Buffer.concat(chunks, size))));
    payload.on('error', reject);
  });
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

/** Made once: making one costs several times what it takes to read a small body. */
const decoder = new TextDecoder('utf-8', { fatal: true });

function decode(bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new BadRequestException('The body is not valid UTF-8.');
  }
}

/** An object with its members parsed, but the objects among those in `raw` as {@link RawJson}. */
export function parse(text: string, raw: readonly string[]): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  try {
    for (const [key, value] of membersOf(text)) {
      if (key === '__proto__') continue;
      body[key] = raw.includes(key) && value.startsWith('{') ? new RawJson(value) : parseValue(key, value);
    }
  } catch (error) {
    if (error instanceof JsonTextError)
      throw new BadRequestException(`The body is not valid JSON: ${error.message}.`);
    if (error instanceof NoObjectError) throw new BadRequestException(`The body ${error.message}.`);
    throw error;
  }
  return body;
}

function parseValue(key: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new BadRequestException(`The body is not valid JSON: ${key} holds NaN or Infinity.`);
  }
}
