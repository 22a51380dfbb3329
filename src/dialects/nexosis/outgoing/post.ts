import { send } from './outgoing.js';

/** A receiver that takes longer counts as one that failed. */
const patience = 10_000;

/** Posts a webhook and answers the status. */
export async function post(
  url: string,
  body: string,
  token: string,
  mayBePrivate: (host: string) => boolean,
  signal: AbortSignal,
): Promise<number> {
  const headers = { 'content-type': 'application/json', 'nexosis-webhook-token': token };
  const answer = await send(url, { method: 'POST', headers, body, mayBePrivate, signal, patience });
  // Nobody reads what a receiver says; its status is enough.
  answer.destroy();
  return answer.statusCode ?? 0;
}
