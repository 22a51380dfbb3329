import { STATUS_CODES, type ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import type { Problem } from './dialect.js';

/** Headers are small: whoever sends them more slowly than this sends nothing else either. */
const longestHeaders = 60_000;

/**
 * How long the server waits for a request to arrive, headers and body, in milliseconds. Answering it may take as long as it
 * takes, and a stream stays open for ever. Not to be confused with a limit on silence: a client on a thin line is slow all
 * the time, one that holds a connection open for nothing sends a byte now and then.
 */
export const arrivingWithin = (request: number): ServerOptions => ({
  requestTimeout: request,
  headersTimeout: Math.min(longestHeaders, request),
  connectionsCheckingInterval: Math.min(5000, Math.ceil(request / 4)),
});

const said: Readonly<Record<string, readonly [status: number, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request took too long to arrive.'],
  HPE_INVALID_EOF_STATE: [400, 'The request did not arrive whole.'],
  HPE_HEADER_OVERFLOW: [431, 'The headers are too large.'],
};

/** What is known of a connection on which no whole request came. */
export interface NoRequest {
  readonly msg: string;
  readonly trace: string;
  readonly status: number;
  readonly address: string | undefined;
}

/**
 * What reaches no route, because it is no whole request, is answered in the form that `explain` gives it, as JSON. `name`
 * makes the trace that stands in the answer, and `tell` gets it too.
 */
export const answerNoRequest =
  (name: () => string, tell: (line: NoRequest) => void, explain: (problem: Problem) => object) =>
  (error: Error & { readonly code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    const [status, message] = said[error.code ?? ''] ?? [400, 'This is no HTTP request.'];
    const trace = name();
    tell({ msg: message, trace, status, address: socket.remoteAddress });
    const body = JSON.stringify(explain({ status, message, trace }));
    if (socket.writable) {
      socket.write(
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\n` +
          `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    }
    socket.destroySoon();
  };
