import { Inject, Injectable } from '@nestjs/common';
import { lookup } from 'node:dns/promises';
import ipaddr from 'ipaddr.js';
import { invalidField } from '../wire/errors.js';
import { NEXOSIS, type NexosisSettings } from '../settings.js';

/** Milliseconds to wait for a name to resolve. After that its address is accepted: the delivery checks it again. */
const lookupTimeout = 2000;

/** Returns whether an address is not on the public internet, such as one of this machine or its local network. */
export function isPrivate(address: string): boolean {
  if (!ipaddr.isValid(address)) return true;
  // Unwraps IPv4 addresses that are mapped to IPv6.
  return ipaddr.process(address).range() !== 'unicast';
}

/** Returns whether a list of allowed hosts contains this host or `*`. */
export const isAllowed = (host: string, allowed: readonly string[]): boolean =>
  allowed.some((name) => name === '*' || name.toLowerCase() === host.toLowerCase());

/** Decides which addresses webhooks may be sent to. */
@Injectable()
export class CallbackCheck {
  constructor(@Inject(NEXOSIS) private readonly settings: NexosisSettings) {}

  /** Returns the address as sent, or undefined if there is none. Throws if it is malformed or private. */
  async check(address: string | undefined): Promise<string | undefined> {
    if (address === undefined) return undefined;
    const url = URL.canParse(address) ? new URL(address) : null;
    if (url === null || !/^https?:$/.test(url.protocol))
      throw invalidField(
        'callbackUrl',
        `The value '${address}' is not valid: it must be an http or https address.`,
      );
    if (url.username !== '' || url.password !== '')
      throw invalidField('callbackUrl', 'The callbackUrl must not carry a user name or a password.');
    const host = withoutBrackets(url.hostname);
    if (isAllowed(host, this.settings.privateHosts)) return address;
    const addresses = ipaddr.isValid(host) ? [host] : await this.resolve(host);
    if (addresses.some(isPrivate)) throw privateHost(host);
    return address;
  }

  private async resolve(host: string): Promise<string[]> {
    const timeout = new Promise<[]>((resolve) => setTimeout(() => resolve([]), lookupTimeout).unref());
    const addresses = lookup(host, { all: true }).then(
      (all) => all.map(({ address }) => address),
      // A name that does not resolve now may resolve later, when the delivery looks it up again.
      () => [],
    );
    return Promise.race([addresses, timeout]);
  }
}

/** Removes the brackets of an IPv6 address. */
export const withoutBrackets = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1');

const privateHost = (host: string) =>
  invalidField(
    'callbackUrl',
    `The host ${host} has a private address. Webhooks go to public addresses only, unless an operator allows the host in nexosis.private_hosts.`,
  );
