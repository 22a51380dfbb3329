import { describe, expect, it } from '@jest/globals';
import { requestOrigin } from './sending-page.js';

describe('the page that sent a request', () => {
  it.each([
    ['without either header', {}, 'none'],
    ['for an address that the user typed', { 'sec-fetch-site': 'none' }, 'none'],
    ['from the same origin', { 'sec-fetch-site': 'same-origin' }, 'own'],
    ['from another port of this machine', { 'sec-fetch-site': 'same-site' }, 'other'],
    ['from another site', { 'sec-fetch-site': 'cross-site' }, 'other'],
    ['with an unknown Sec-Fetch-Site', { 'sec-fetch-site': 'x' }, 'other'],
    ['whose Origin is this host', { origin: 'http://stint.example:8080' }, 'own'],
    ['whose Origin is this host behind TLS', { origin: 'https://STINT.example:8080' }, 'own'],
    ['whose Origin has another port', { origin: 'http://stint.example' }, 'other'],
    ['whose Origin ends in this host', { origin: 'http://evil.stint.example:8080' }, 'other'],
    ['whose Origin is hidden', { origin: 'null' }, 'other'],
    ['whose Origin is not a URL', { origin: '://' }, 'other'],
    ['whose Origin is a file', { origin: 'file://' }, 'other'],
    [
      'that a proxy forwarded with another host name',
      { 'sec-fetch-site': 'same-origin', origin: 'https://public.example' },
      'own',
    ],
  ])('%s', (_, headers, page) => {
    expect(requestOrigin(headers, 'stint.example:8080')).toBe(page);
  });

  it('is compared with the default port filled in', () => {
    expect(requestOrigin({ origin: 'https://stint.example' }, 'stint.example:443')).toBe('own');
    expect(requestOrigin({ origin: 'http://stint.example' }, 'stint.example:443')).toBe('other');
  });

  it('is another one if the request names no host', () => {
    expect(requestOrigin({ origin: 'http://stint.example' }, undefined)).toBe('other');
  });
});
