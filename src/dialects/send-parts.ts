import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { bytesOf, bytesOfAll, joined, type TextParts } from '../scheduler/long-text.js';

/** Returns the body of an answer: one string, or a stream with a content length if a part is long. */
export function replyBody(reply: FastifyReply, parts: TextParts): string | Readable {
  const whole = joined(parts);
  if (whole !== null) return whole;
  void reply.header(
    'content-length',
    parts.reduce((sum, part) => sum + bytesOf(part), 0),
  );
  return Readable.from(bytesOfAll(parts), { objectMode: false });
}
