import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Actor } from '../kernel/access/access.js';
import type { ReceiptsService, SubmitKey } from '../scheduler/receipts.service.js';

const digest = (...parts: (string | Buffer)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\n');
  return hash.digest('base64url');
};

/** Of the body's bytes; kept by the body parser, because afterwards they are gone. */
export const bodyDigest = (body: Buffer): string => digest(body);

export type WithBodyDigest = FastifyRequest & { bodyDigest?: string };

/** How this submit is recognised should it come again (semantics: exactly-once submit). */
export function submitKey(actor: Actor, request: WithBodyDigest): SubmitKey {
  const path = request.url.split('?')[0] ?? '';
  const body = request.bodyDigest ?? '';
  const chosen = request.headers['idempotency-key'];
  if (typeof chosen === 'string' && chosen !== '') {
    return { key: digest('key', actor.tokenId, path, chosen), hash: body };
  }
  return { key: digest('body', actor.tokenId, path, body), hash: null };
}

/** Watches whether the answer about `subject` leaves before its connection closes. */
export function watchAnswer(
  receipts: ReceiptsService,
  reply: FastifyReply,
  submit: SubmitKey,
  subject: string,
): void {
  const { raw } = reply;
  if (raw.destroyed || raw.socket?.destroyed === true) {
    receipts.answered(subject, submit, false);
    return;
  }
  raw.once('close', () => receipts.answered(subject, submit, raw.writableFinished));
}
