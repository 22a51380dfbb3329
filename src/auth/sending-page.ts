import type { IncomingHttpHeaders } from 'node:http';

/** What a browser says about the page that sent a request; `none`: no page did, or the client is no browser. */
export type SendingPage = 'none' | 'own' | 'other';

/**
 * Which page sent a request. `host` is the name and port that this service has for its client.
 *
 * `Sec-Fetch-Site` decides where it is sent, since no page can set it. Browsers leave it out on plain HTTP to another
 * machine; there `Origin` decides, which every POST of a page has.
 */
export function sendingPage(headers: IncomingHttpHeaders, host: string | undefined): SendingPage {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'none' ? 'none' : site === 'same-origin' ? 'own' : 'other';
  const { origin } = headers;
  if (origin === undefined) return 'none';
  return isOfHost(origin, host) ? 'own' : 'other';
}

/** A proxy may have taken TLS off, so the scheme says nothing; the port does. */
function isOfHost(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false;
  const page = new URL(origin);
  const own = `${page.protocol}//${host}`;
  return page.host !== '' && URL.canParse(own) && page.host === new URL(own).host;
}
