import { fork } from 'node:child_process';
import { once } from 'node:events';
import { owned } from './processes.mjs';

/** The load generator replaces this number in a request by a different one of the same length each time. */
export const serial = 100_000_000;

/** Runs one load in a separate client process. Throws if any request is refused, because errors are not throughput. */
export async function load(task) {
  const worker = owned(fork(new URL('load-worker.mjs', import.meta.url)));
  try {
    worker.send(task);
    const [result] = await once(worker, 'message');
    if (result.error !== undefined) throw new Error(`The load generator failed: ${result.error}`);
    if (result.failed > 0) throw new Error(`${result.failed} requests failed, first: ${result.firstFailure}`);
    return result;
  } finally {
    worker.kill();
  }
}

/** Returns a whole HTTP/1.1 message. */
export function request(method, path, { token, body } = {}) {
  const text = body === undefined ? '' : JSON.stringify(body);
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1'];
  if (token !== undefined) lines.push(`Authorization: Bearer ${token}`);
  if (text !== '') lines.push('Content-Type: application/json', `Content-Length: ${text.length}`);
  return `${lines.join('\r\n')}\r\n\r\n${text}`;
}
