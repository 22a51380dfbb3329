import { mount } from './request.js';

const belowMount = new RegExp(`^/${mount}(?=/|\\?|$)`, 'i');

/** Returns whether a URL belongs to this dialect. */
export const isOurs = (url: string): boolean => belowMount.test(url);

/**
 * Returns a URL in the spelling of the routes. Clients write the fixed parts in any case and may add a trailing slash.
 * Names of data sets, views and columns keep their case, because responses echo it (nexosis dialect, routing). URLs of
 * other dialects stay unchanged.
 */
export function normalise(url: string): string {
  if (!isOurs(url)) return url;
  const [path = '', ...search] = url.split('?');
  const [, , , ...segments] = path
    .replace(/\/+$/, '')
    .replace(/\/{2,}/g, '/')
    .split('/');
  const named = ['data', 'views'].includes(segments[0]?.toLowerCase() ?? '');
  // data/{name}/stats/{column}
  const fixed = segments.map((segment, i) => (named && i % 2 === 1 ? segment : segment.toLowerCase()));
  return [['', mount, ...fixed].join('/'), ...search].join('?');
}
