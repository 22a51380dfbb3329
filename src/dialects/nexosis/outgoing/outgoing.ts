import { lookup as resolve, type LookupAddress } from 'node:dns';
import { request as http, type IncomingMessage } from 'node:http';
import { request as https } from 'node:https';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { withoutBrackets, isPrivate } from './callbacks.js';

/** A name resolves to an address that this service must not reach. */
export class PrivateAddress extends Error {}

export interface OutgoingRequest {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Whether a host may have an address that is not on the public internet. */
  readonly mayBePrivate: (host: string) => boolean;
  readonly signal: AbortSignal;
  /** Milliseconds until the response must be read completely. */
  readonly timeout: number;
}

/**
 * Sends a request to an address that a client named, and resolves when the response begins. Redirects are not followed.
 * The address is checked again when the connection is made, because the name may resolve to another one by then.
 */
export function send(url: string, request: OutgoingRequest): Promise<IncomingMessage> {
  const to = new URL(url);
  const host = withoutBrackets(to.hostname);
  const allowsPrivate = request.mayBePrivate(host);
  if (!allowsPrivate && ipaddr.isValid(host) && isPrivate(host))
    return Promise.reject(new PrivateAddress(`${host} is a private address`));
  return new Promise((done, fail) => {
    const timedOut = () => new Error(`it did not answer within ${request.timeout / 1000} s`);
    const outgoing = (to.protocol === 'https:' ? https : http)(to, {
      method: request.method,
      agent: false,
      signal: AbortSignal.any([request.signal, AbortSignal.timeout(request.timeout)]),
      ...(!allowsPrivate && { lookup: publicOnly }),
      headers: {
        ...request.headers,
        ...(request.body !== undefined && { 'content-length': Buffer.byteLength(request.body) }),
        'user-agent': 'Stint',
      },
    });
    outgoing.on('error', (error) => fail(error.name === 'TimeoutError' ? timedOut() : error));
    outgoing.on('response', done);
    outgoing.end(request.body);
  });
}

/**
 * Resolves a name to its public addresses. Fails if one of them is private, because the connection might use that one.
 */
const publicOnly: LookupFunction = (host, options, callback) => {
  resolve(host, { ...options, all: true }, (error, results) => {
    const addresses = results as LookupAddress[];
    if (error !== null) return callback(error, '', 0);
    const inside = addresses.find(({ address }) => isPrivate(address));
    if (inside !== undefined)
      return callback(new PrivateAddress(`${host} resolves to the private address ${inside.address}`), '', 0);
    if (options.all === true) return callback(null, addresses);
    const [first] = addresses;
    callback(null, first?.address ?? '', first?.family ?? 0);
  });
};
