import { STATUS_CODES, type ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionError } from './dialect.js';

/** Milliseconds for the headers. They are small, so even a slow client sends them in this time. */
const longestHeaders = 60_000;

/**
 * Limits the time for a request to arrive, headers and body, to `request` milliseconds. Sending the answer has no
 * limit, so streams stay open. A limit on idle time would not be enough: a client that wants to hold a connection sends
 * a byte now and then.
 */
export const requestTimeouts = (request: number): ServerOptions => ({
  requestTimeout: request,
  headersTimeout: Math.min(longestHeaders, request),
  connectionsCheckingInterval: Math.min(5000, Math.ceil(request / 4)),
});

const answersByCode: Readonly<Record<string, readonly [status: number, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request took too long to arrive.'],
  HPE_INVALID_EOF_STATE: [400, 'The request did not arrive whole.'],
  HPE_HEADER_OVERFLOW: [431, 'The headers are too large.'],
};

/** The log line about a connection that sent no complete request. */
export interface IncompleteRequest {
  readonly msg: string;
  readonly trace: string;
  readonly status: number;
  readonly address: string | undefined;
}

/**
 * Answers a connection that sent no complete request. `explain` returns the body of the answer. `newTrace` makes the
 * trace that appears in the answer and in the line passed to `log`.
 */
export const answerIncompleteRequest =
  (
    newTrace: () => string,
    log: (line: IncompleteRequest) => void,
    explain: (problem: ConnectionError) => object,
  ) =>
  (error: Error & { readonly code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    const [status, message] = answersByCode[error.code ?? ''] ?? [400, 'This is no HTTP request.'];
    const trace = newTrace();
    log({ msg: message, trace, status, address: socket.remoteAddress });
    const body = JSON.stringify(explain({ status, message, trace }));
    if (socket.writable) {
      socket.write(
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\n` +
          `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    }
    socket.destroySoon();
  };
