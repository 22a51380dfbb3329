import { Inject, Injectable } from '@nestjs/common';
import { lookup } from 'node:dns/promises';
import ipaddr from 'ipaddr.js';
import { invalidField } from '../wire/errors.js';
import { NEXOSIS, type NexosisSettings } from '../settings.js';

/** What a name may be looked up for before the request is answered without knowing; the delivery looks again. */
const lookupPatience = 2000;

/** An address on this machine, in the network it stands in, or otherwise not on the public internet. */
export function isPrivate(address: string): boolean {
  if (!ipaddr.isValid(address)) return true;
  // An IPv4 address in the clothes of an IPv6 one is judged as what it is.
  return ipaddr.process(address).range() !== 'unicast';
}

/** Whether a host is among those that were allowed by name. */
export const isAllowed = (host: string, allowed: readonly string[]): boolean =>
  allowed.some((name) => name === '*' || name.toLowerCase() === host.toLowerCase());

/** Which addresses this service posts webhooks to. */
@Injectable()
export class CallbackCheck {
  constructor(@Inject(NEXOSIS) private readonly settings: NexosisSettings) {}

  /** The address as it was sent, or undefined without one. Throws for what is no address or a private one. */
  async check(said: string | undefined): Promise<string | undefined> {
    if (said === undefined) return undefined;
    const url = URL.canParse(said) ? new URL(said) : null;
    if (url === null || !/^https?:$/.test(url.protocol))
      throw invalidField(
        'callbackUrl',
        `The value '${said}' is not valid: it must be an http or https address.`,
      );
    if (url.username !== '' || url.password !== '')
      throw invalidField('callbackUrl', 'The callbackUrl must not carry a user name or a password.');
    const host = bare(url.hostname);
    if (isAllowed(host, this.settings.privateHosts)) return said;
    const addresses = ipaddr.isValid(host) ? [host] : await this.resolve(host);
    if (addresses.some(isPrivate)) throw refused(host);
    return said;
  }

  private async resolve(host: string): Promise<string[]> {
    const late = new Promise<[]>((resolve) => setTimeout(() => resolve([]), lookupPatience).unref());
    const found = lookup(host, { all: true }).then(
      (all) => all.map(({ address }) => address),
      // A name that cannot be found now may be found later; the delivery asks again.
      () => [],
    );
    return Promise.race([found, late]);
  }
}

/** An IPv6 address without its brackets. */
export const bare = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1');

const refused = (host: string) =>
  invalidField(
    'callbackUrl',
    `The host ${host} has a private address. Webhooks go to public addresses only, unless an operator allows the host in nexosis.private_hosts.`,
  );
