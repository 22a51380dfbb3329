import { hash } from 'node:crypto';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Actor } from '../kernel/access/access.js';
import type { ReceiptsService, SubmitKey } from '../scheduler/receipts.service.js';

const digest = (...parts: string[]): string => hash('sha256', parts.join('\n'), 'base64url');

/** Of the body's bytes; kept by the body parser, because afterwards they are gone. */
export const bodyDigest = (body: Buffer): string => hash('sha256', body, 'base64url');

export type WithBodyDigest = FastifyRequest & { bodyDigest?: string };

/** How this submit is recognised should it come again (semantics: exactly-once submit). */
export function submitKey(
  actor: Actor,
  request: WithBodyDigest,
  path = request.url.split('?')[0] ?? '',
): SubmitKey {
  const body = request.bodyDigest ?? '';
  // An admin's token acts for any instance, a user's for one.
  const whose = actor.role === 'admin' ? [actor.tokenId, actor.instance.id] : [actor.tokenId];
  const chosen = request.headers['idempotency-key'];
  if (typeof chosen === 'string' && chosen !== '') {
    return { key: digest('key', ...whose, path, chosen), hash: body };
  }
  return { key: digest('body', ...whose, path, body), hash: null };
}

/** How long after an answer was sent a reset still shows that nobody was there to read it. */
const resetGrace = 50;

/**
 * Watches whether the answer about `subject` leaves before its connection closes. Resolves when it may be sent: a hang-up
 * that has reached this machine is read first, because an answer to it would count as sent.
 */
export async function watchAnswer(
  receipts: ReceiptsService,
  reply: FastifyReply,
  submit: SubmitKey,
  subject: string,
): Promise<void> {
  const { raw } = reply;
  const { socket } = raw;
  await new Promise((resolve) => setImmediate(resolve));
  if (raw.destroyed || socket === null || socket.destroyed || socket.readableEnded) {
    receipts.answered(subject, submit, false);
    return;
  }
  let open = true;
  const say = (sent: boolean) => {
    if (!open) return;
    open = false;
    forget();
    receipts.answered(subject, submit, sent);
  };
  const forget = onHangUp(socket, () => say(false));
  raw.once('close', () => {
    if (!raw.writableFinished || socket.readableEnded) say(false);
    else setTimeout(() => say(true), resetGrace).unref();
  });
}

const watching = new WeakMap<Socket, Set<() => void>>();

/** One listener for all answers on a connection: a busy client gets dozens of them within the grace. */
function onHangUp(socket: Socket, tell: () => void): () => void {
  const known = watching.get(socket);
  const all = known ?? new Set();
  if (known === undefined) {
    watching.set(socket, all);
    socket.once('error', () => all.forEach((each) => each()));
  }
  all.add(tell);
  return () => all.delete(tell);
}
