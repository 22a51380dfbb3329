import { send } from './outgoing.js';

/** Milliseconds after which a delivery counts as failed. */
const timeout = 10_000;

/** Posts a webhook and returns the status of the response. */
export async function post(
  url: string,
  body: string,
  token: string,
  mayBePrivate: (host: string) => boolean,
  signal: AbortSignal,
): Promise<number> {
  const headers = { 'content-type': 'application/json', 'nexosis-webhook-token': token };
  const answer = await send(url, { method: 'POST', headers, body, mayBePrivate, signal, timeout });
  // Only the status matters, so the rest of the response is discarded.
  answer.destroy();
  return answer.statusCode ?? 0;
}
