import type { IncomingMessage } from 'node:http';
import { BadRequestException } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { readBytes } from './body-bytes.js';
import { checkMembers, LongBody, parseValue } from './long-body.js';
import { RawJson } from './raw-json.js';
import { bodyDigest, type WithBodyDigest } from './submit-key.js';
import { JsonTextError, membersOf, NoObjectError } from '../scheduler/json-text.js';
import { longFrom, Pieces } from '../scheduler/long-text.js';

export { RawJson } from './raw-json.js';

/** Bytes. Job inputs may have 64 MiB, and the rest of the request is small. */
export const bodyLimit = 65 * 1024 * 1024;

/** Bytes of a body without a long member. It is parsed in one go, which takes some milliseconds per megabyte. */
export const shortBodyLimit = 1024 * 1024;

/**
 * Makes Fastify read every body with `read`, which decides by the path. The header cannot decide: clients send
 * `Content-Type` without a body, and some misspell it (qiskit-runtime dialect, request headers). A body that cannot be
 * read is refused before its route runs.
 */
export function installBodyParser(
  fastify: FastifyInstance,
  read: (request: FastifyRequest, payload: IncomingMessage) => Promise<unknown>,
): void {
  fastify.removeAllContentTypeParsers();
  // Otherwise Fastify would answer 415 to an unknown type.
  fastify.addHook('onRequest', (request, _, done) => {
    (request as Typed).sentType = request.headers['content-type'];
    if (request.headers['content-type'] !== undefined)
      request.headers['content-type'] = 'application/octet-stream';
    done();
  });
  fastify.addContentTypeParser('*', (request, payload, done) => {
    read(request, payload).then(
      (body) => done(null, body),
      (error: unknown) => done(error as Error),
    );
  });
}

type Typed = FastifyRequest & { sentType?: string | undefined };

/** Returns the `Content-Type` that the client sent; empty without one. */
export const contentTypeOf = (request: FastifyRequest): string => (request as Typed).sentType ?? '';

/** How to read a JSON body. */
export interface BodyRules {
  /**
   * The one member that may be long; null if none may. It is kept unparsed: an object always, a string (`isText`) only
   * if the body is long.
   */
  readonly long?: { readonly name: string; readonly isText: boolean } | null;
  /** Most bytes of a body without a long member. */
  readonly limit?: number;
  /** Whether to hash the body, so that a repeated submit is recognised. */
  readonly isSubmit?: boolean;
  /** Whether the body is URL-encoded, as browsers send forms. */
  readonly isForm?: boolean;
}

/** Reads a body as a JSON object; undefined if the body is empty. */
export async function readObject(
  request: FastifyRequest,
  payload: IncomingMessage,
  { long = null, limit = shortBodyLimit, isSubmit = false, isForm = false }: BodyRules,
): Promise<unknown> {
  const pieces = new Pieces();
  let longBodyInput: LongBody | null = null;
  await readBytes(payload, long === null ? limit : bodyLimit, (chunk) => {
    if (longBodyInput !== null) return longBodyInput.write(chunk);
    pieces.add(chunk);
    if (long === null || pieces.bytes < longFrom) return;
    longBodyInput = new LongBody();
    for (const piece of pieces.all()) longBodyInput.write(piece);
  });
  const longBody = longBodyInput as LongBody | null;
  if (longBody !== null && long !== null) {
    if (isSubmit) (request as WithBodyDigest).bodyDigest = longBody.digest();
    return longBody.members(long);
  }
  const body = Buffer.concat(pieces.all(), pieces.bytes);
  if (body.length === 0) return undefined;
  if (isSubmit) (request as WithBodyDigest).bodyDigest = bodyDigest(body);
  const text = decode(body);
  if (isForm) return Object.fromEntries(new URLSearchParams(text));
  return parse(text, long === null || long.isText ? [] : [long.name]);
}

/** Reads a body into one buffer. Fills it as bytes arrive, because joining tens of megabytes at the end would block. */
export async function readBuffer(payload: IncomingMessage, limit: number): Promise<Buffer> {
  const contentLength = Number(payload.headers['content-length'] ?? 0);
  let whole = Buffer.allocUnsafeSlow(
    Math.min(limit, Number.isSafeInteger(contentLength) ? contentLength : 0),
  );
  let size = 0;
  await readBytes(payload, limit, (chunk) => {
    if (size + chunk.length > whole.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(size + chunk.length, 2 * whole.length, 64 * 1024));
      whole.copy(larger, 0, 0, size);
      whole = larger;
    }
    size += chunk.copy(whole, size);
  });
  return whole.subarray(0, size);
}

/** Shared by all requests: creating a decoder takes longer than decoding a small body. */
const decoder = new TextDecoder('utf-8', { fatal: true });

function decode(bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new BadRequestException('The body is not valid UTF-8.');
  }
}

/** Parses a JSON object. Members named in `raw` that are objects become {@link RawJson}. */
export function parse(text: string, raw: readonly string[]): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  try {
    const members = membersOf(text);
    checkMembers(members.size);
    for (const [key, value] of members) {
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
