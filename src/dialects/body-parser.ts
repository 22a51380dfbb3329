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

/** Job inputs may have 64 MiB; the rest of the request around them is small. */
export const bodyLimit = 65 * 1024 * 1024;

/** A body of which no member may be long: it is read as a whole, which takes some milliseconds for each megabyte. */
export const shortBodyLimit = 1024 * 1024;

/**
 * Bodies are read by path and not by header: clients leave `Content-Type` on requests without a body, and some misspell it
 * (qiskit-runtime dialect, request headers). A body that cannot be read is refused before any route sees it.
 */
export function installBodyParser(
  fastify: FastifyInstance,
  read: (request: FastifyRequest, payload: IncomingMessage) => Promise<unknown>,
): void {
  fastify.removeAllContentTypeParsers();
  // Fastify looks at the type first, and answers 415 to one it cannot read.
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

/** The type that the client said its body has. */
export const sentTypeOf = (request: FastifyRequest): string => (request as Typed).sentType ?? '';

/** How a JSON body is read. */
export interface BodyRules {
  /** The member that may be long, and is kept as it came; `isText`: only when it is long. Null: none may. */
  readonly long?: { readonly name: string; readonly isText: boolean } | null;
  /** Bytes, where no member may be long. */
  readonly limit?: number;
  /** It makes something, and the same again is recognised by its bytes. */
  readonly isSubmit?: boolean;
  /** A form as browsers send it. */
  readonly isForm?: boolean;
}

/** A JSON object; undefined where there is no body. */
export async function readObject(
  request: FastifyRequest,
  payload: IncomingMessage,
  { long = null, limit = shortBodyLimit, isSubmit = false, isForm = false }: BodyRules,
): Promise<unknown> {
  const pieces = new Pieces();
  let rest: LongBody | null = null;
  await readBytes(payload, long === null ? limit : bodyLimit, (chunk) => {
    if (rest !== null) return rest.write(chunk);
    pieces.add(chunk);
    if (long === null || pieces.bytes < longFrom) return;
    rest = new LongBody();
    for (const piece of pieces.all()) rest.write(piece);
  });
  const found = rest as LongBody | null;
  if (found !== null && long !== null) {
    if (isSubmit) (request as WithBodyDigest).bodyDigest = found.digest();
    return found.members(long);
  }
  const body = Buffer.concat(pieces.all(), pieces.bytes);
  if (body.length === 0) return undefined;
  if (isSubmit) (request as WithBodyDigest).bodyDigest = bodyDigest(body);
  const text = decode(body);
  if (isForm) return Object.fromEntries(new URLSearchParams(text));
  return parse(text, long === null || long.isText ? [] : [long.name]);
}

/** Into one buffer, which is filled as the bytes come: to put tens of megabytes together at the end takes its time. */
export async function readWhole(payload: IncomingMessage, limit: number): Promise<Buffer> {
  const said = Number(payload.headers['content-length'] ?? 0);
  let whole = Buffer.allocUnsafeSlow(Math.min(limit, Number.isSafeInteger(said) ? said : 0));
  let used = 0;
  await readBytes(payload, limit, (chunk) => {
    if (used + chunk.length > whole.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(used + chunk.length, 2 * whole.length, 64 * 1024));
      whole.copy(larger, 0, 0, used);
      whole = larger;
    }
    used += chunk.copy(whole, used);
  });
  return whole.subarray(0, used);
}

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
