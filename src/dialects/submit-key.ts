import { hash } from 'node:crypto';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Actor } from '../kernel/access/access.js';
import type { ReceiptsService, SubmitKey } from '../scheduler/receipts.service.js';

const digest = (...parts: string[]): string => hash('sha256', parts.join('\n'), 'base64url');

/** Hashes the bytes of a body. The body parser calls it, because no later code has the bytes. */
export const bodyDigest = (body: Buffer): string => hash('sha256', body, 'base64url');

export type WithBodyDigest = FastifyRequest & { bodyDigest?: string };

/** Returns the key that recognises a repeated submit (semantics: exactly-once submit). */
export function submitKey(
  actor: Actor,
  request: WithBodyDigest,
  path = request.url.split('?')[0] ?? '',
): SubmitKey {
  const body = request.bodyDigest ?? '';
  // An admin's token acts for any instance, a user's token for one.
  const scope = actor.role === 'admin' ? [actor.tokenId, actor.instance.id] : [actor.tokenId];
  const clientKey = request.headers['idempotency-key'];
  if (typeof clientKey === 'string' && clientKey !== '') {
    return { key: digest('key', ...scope, path, clientKey), hash: body };
  }
  return { key: digest('body', ...scope, path, body), hash: null };
}

/** Milliseconds after sending in which a reset of the connection means that the client did not read the answer. */
const resetGrace = 50;

/**
 * Records whether the answer about `subject` is sent before its connection closes. Resolves when the answer may be
 * sent, after one turn of the event loop: a client that has already hung up is noticed in that turn.
 */
export async function recordDelivery(
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
  const record = (sent: boolean) => {
    if (!open) return;
    open = false;
    unsubscribe();
    receipts.answered(subject, submit, sent);
  };
  const unsubscribe = onReset(socket, () => record(false));
  raw.once('close', () => {
    if (!raw.writableFinished || socket.readableEnded) record(false);
    else setTimeout(() => record(true), resetGrace).unref();
  });
}

const callbacksBySocket = new WeakMap<Socket, Set<() => void>>();

/**
 * Calls `callback` if the connection is reset; returns a function that unsubscribes. All answers on a connection share
 * one listener, because a busy client receives dozens of answers within the grace.
 */
function onReset(socket: Socket, callback: () => void): () => void {
  const existing = callbacksBySocket.get(socket);
  const callbacks = existing ?? new Set();
  if (existing === undefined) {
    callbacksBySocket.set(socket, callbacks);
    socket.once('error', () => callbacks.forEach((each) => each()));
  }
  callbacks.add(callback);
  return () => callbacks.delete(callback);
}
