import ipaddr from 'ipaddr.js';

/** Why `entry` cannot stand in `trusted_proxies`, or null: it is an address, a network, or `loopback`. */
export function wrongProxy(entry: string): string | null {
  if (entry === 'loopback') return null;
  const form = 'an address (10.0.0.7), a network (10.0.0.0/24) or "loopback"';
  if (entry.includes('/')) {
    if (!ipaddr.isValidCIDR(entry)) return `${entry} is not ${form}`;
    return ipaddr.parseCIDR(entry)[1] === 0
      ? `${entry} is everybody, and whoever is trusted may be anyone`
      : null;
  }
  // The library also takes what old programs took for an address: a plain number, an octal part.
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(entry) || ipaddr.IPv6.isValid(entry);
  return isAddress ? null : `${entry} is not ${form}`;
}
