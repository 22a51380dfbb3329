import { lookup as resolve, type LookupAddress } from 'node:dns';
import { request as http, type IncomingMessage } from 'node:http';
import { request as https } from 'node:https';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { bare, isPrivate } from './callbacks.js';

/** The address a name leads to is not one that this service speaks to. */
export class PrivateAddress extends Error {}

export interface Outgoing {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Whether the host may have an address that is not on the public internet. */
  readonly mayBePrivate: (host: string) => boolean;
  readonly signal: AbortSignal;
  /** Milliseconds until the answer must have been read. */
  readonly patience: number;
}

/**
 * Sends a request to an address that a client named, and answers once the answer begins. Redirects are not followed. The
 * address is checked where the connection is made, so a name that leads elsewhere since it was checked first is no way in.
 */
export function send(url: string, asked: Outgoing): Promise<IncomingMessage> {
  const to = new URL(url);
  const host = bare(to.hostname);
  const free = asked.mayBePrivate(host);
  if (!free && ipaddr.isValid(host) && isPrivate(host))
    return Promise.reject(new PrivateAddress(`${host} is a private address`));
  return new Promise((done, fail) => {
    const late = () => new Error(`it did not answer within ${asked.patience / 1000} s`);
    const sending = (to.protocol === 'https:' ? https : http)(to, {
      method: asked.method,
      agent: false,
      signal: AbortSignal.any([asked.signal, AbortSignal.timeout(asked.patience)]),
      ...(!free && { lookup: publicOnly }),
      headers: {
        ...asked.headers,
        ...(asked.body !== undefined && { 'content-length': Buffer.byteLength(asked.body) }),
        'user-agent': 'Stint',
      },
    });
    sending.on('error', (error) => fail(error.name === 'TimeoutError' ? late() : error));
    sending.on('response', done);
    sending.end(asked.body);
  });
}

/** Resolves a name to its public addresses; one private address among them is refused, because it might be the one taken. */
const publicOnly: LookupFunction = (host, options, callback) => {
  resolve(host, { ...options, all: true }, (error, found) => {
    const addresses = found as LookupAddress[];
    if (error !== null) return callback(error, '', 0);
    const inside = addresses.find(({ address }) => isPrivate(address));
    if (inside !== undefined)
      return callback(new PrivateAddress(`${host} leads to the private address ${inside.address}`), '', 0);
    if (options.all === true) return callback(null, addresses);
    const [first] = addresses;
    callback(null, first?.address ?? '', first?.family ?? 0);
  });
};
