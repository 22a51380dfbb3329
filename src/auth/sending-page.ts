import type { IncomingHttpHeaders } from 'node:http';

/** The page that sent a request, as the browser reports it. `none`: no page sent it, or the client is not a browser. */
export type RequestOrigin = 'none' | 'own' | 'other';

/**
 * Returns which page sent a request. `host` is the name and port under which the client reaches this service.
 *
 * Uses `Sec-Fetch-Site` if it is present, because no page can set it. Browsers omit it on plain HTTP to another
 * machine. There `Origin` decides, which every POST from a page has.
 */
export function requestOrigin(headers: IncomingHttpHeaders, host: string | undefined): RequestOrigin {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'none' ? 'none' : site === 'same-origin' ? 'own' : 'other';
  const { origin } = headers;
  if (origin === undefined) return 'none';
  return isOfHost(origin, host) ? 'own' : 'other';
}

/** Compares host and port only: a proxy may have terminated TLS, so the scheme may differ. */
function isOfHost(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false;
  const page = new URL(origin);
  const own = `${page.protocol}//${host}`;
  return page.host !== '' && URL.canParse(own) && page.host === new URL(own).host;
}
