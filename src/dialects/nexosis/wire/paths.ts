import { mount } from './request.js';

const below = new RegExp(`^/${mount}(?=/|\\?|$)`, 'i');

/** Whether a request is for this dialect. */
export const isOurs = (url: string): boolean => below.test(url);

/**
 * The address as the routes are written: clients spell the fixed parts in any case and may leave a slash at the end. Names
 * of data sets, views and columns keep their case, which is echoed (nexosis dialect, routing). Others are left alone.
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
