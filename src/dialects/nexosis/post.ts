import { lookup as resolve, type LookupAddress } from 'node:dns';
import { request as http } from 'node:http';
import { request as https } from 'node:https';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { bare, isPrivate } from './callbacks.js';

/** A receiver that takes longer counts as one that failed. */
const patience = 10_000;

/** The address a name leads to is not one that webhooks are sent to. */
export class PrivateAddress extends Error {}

/**
 * Posts a webhook and answers the status. Redirects are not followed. The address is checked where the connection is made,
 * so a name that leads elsewhere since it was checked first is no way in.
 */
export function post(
  url: string,
  body: string,
  token: string,
  mayBePrivate: (host: string) => boolean,
  signal: AbortSignal,
): Promise<number> {
  const to = new URL(url);
  const host = bare(to.hostname);
  const free = mayBePrivate(host);
  if (!free && ipaddr.isValid(host) && isPrivate(host))
    return Promise.reject(new PrivateAddress(`${host} is a private address`));
  return new Promise((done, fail) => {
    const sending = (to.protocol === 'https:' ? https : http)(to, {
      method: 'POST',
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]),
      ...(!free && { lookup: publicOnly }),
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'nexosis-webhook-token': token,
        'user-agent': 'Stint',
      },
    });
    sending.on('error', (error) =>
      fail(
        error.name === 'TimeoutError' ? new Error(`it did not answer within ${patience / 1000} s`) : error,
      ),
    );
    sending.on('response', (answer) => {
      // Nobody reads what a receiver says; its status is enough.
      answer.destroy();
      done(answer.statusCode ?? 0);
    });
    sending.end(body);
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
