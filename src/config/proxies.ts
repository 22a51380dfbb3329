import ipaddr from 'ipaddr.js';

/** Returns why `entry` is not valid in `trusted_proxies`, or null if it is an address, a network or `loopback`. */
export function proxyMistake(entry: string): string | null {
  if (entry === 'loopback') return null;
  const form = 'an address (10.0.0.7), a network (10.0.0.0/24) or "loopback"';
  if (entry.includes('/')) {
    if (!ipaddr.isValidCIDR(entry)) return `${entry} is not ${form}`;
    return ipaddr.parseCIDR(entry)[1] === 0
      ? `${entry} is everybody, so any client could forge its address`
      : null;
  }
  // The library also accepts legacy forms of an address, such as a plain number or octal parts. Reject those.
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(entry) || ipaddr.IPv6.isValid(entry);
  return isAddress ? null : `${entry} is not ${form}`;
}
