import { describe, expect, it } from '@jest/globals';
import { sendingPage } from './sending-page.js';

describe('a request', () => {
  it.each([
    ['without either header', {}, 'none'],
    ['for an address that somebody typed', { 'sec-fetch-site': 'none' }, 'none'],
    ['of the same origin', { 'sec-fetch-site': 'same-origin' }, 'own'],
    ['of another port of this machine', { 'sec-fetch-site': 'same-site' }, 'other'],
    ['of another site', { 'sec-fetch-site': 'cross-site' }, 'other'],
    ['of a site that no browser names', { 'sec-fetch-site': 'x' }, 'other'],
    ['whose Origin is this host', { origin: 'http://stint.example:8080' }, 'own'],
    ['whose Origin is this host behind TLS', { origin: 'https://STINT.example:8080' }, 'own'],
    ['whose Origin has another port', { origin: 'http://stint.example' }, 'other'],
    ['whose Origin ends in this host', { origin: 'http://evil.stint.example:8080' }, 'other'],
    ['whose Origin is hidden', { origin: 'null' }, 'other'],
    ['whose Origin is no address', { origin: '://' }, 'other'],
    ['whose Origin is a file', { origin: 'file://' }, 'other'],
    [
      'that a proxy sent on under a name of its own',
      { 'sec-fetch-site': 'same-origin', origin: 'https://public.example' },
      'own',
    ],
  ])('%s', (_, headers, page) => {
    expect(sendingPage(headers, 'stint.example:8080')).toBe(page);
  });

  it('names the default port or leaves it out', () => {
    expect(sendingPage({ origin: 'https://stint.example' }, 'stint.example:443')).toBe('own');
    expect(sendingPage({ origin: 'http://stint.example' }, 'stint.example:443')).toBe('other');
  });

  it('that names no host is of no page here', () => {
    expect(sendingPage({ origin: 'http://stint.example' }, undefined)).toBe('other');
  });
});
