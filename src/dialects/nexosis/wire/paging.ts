import type { NexosisRequest } from './request.js';
import type { Paging } from './fields.js';

export interface Link {
  readonly rel: string;
  readonly href: string;
}

export interface Paged {
  readonly pageNumber: number;
  readonly totalPages: number;
  readonly pageSize: number;
  readonly totalCount: number;
}

export const pagesOf = ({ page, size }: Paging, total: number): Paged => ({
  pageNumber: page,
  totalPages: Math.ceil(total / size),
  pageSize: size,
  totalCount: total,
});

/**
 * Returns links to the pages around this one (nexosis dialect, paging). `self` comes first, where one client expects
 * it.
 */
export function pageLinks(request: Pick<NexosisRequest, 'base' | 'path' | 'search'>, paged: Paged): Link[] {
  const { pageNumber: page, totalPages } = paged;
  const last = totalPages - 1;
  const self = { rel: 'self', href: addressOf(request, null) };
  if (totalPages === 0) return [self];
  const to = (rel: string, number: number) => ({ rel, href: addressOf(request, number) });
  return [
    self,
    to('first', 0),
    ...(page > 0 ? [to('prev', Math.min(page - 1, last))] : []),
    ...(page < last ? [to('next', page + 1)] : []),
    to('last', last),
  ];
}

/** Returns the address of a page, with a single `page` parameter. Null keeps the query as sent. */
function addressOf(
  { base, path, search }: Pick<NexosisRequest, 'base' | 'path' | 'search'>,
  page: number | null,
): string {
  const query = new URLSearchParams(
    page === null ? [...search] : [...search].filter(([name]) => name.toLowerCase() !== 'page'),
  );
  if (page !== null) query.append('page', String(page));
  const text = query.toString();
  return `${base}/${path}${text === '' ? '' : `?${text}`}`;
}

/** Returns a list in the form that every client reads. */
export function listOf<T>(request: NexosisRequest, paging: Paging, items: readonly T[], total: number) {
  const paged = pagesOf(paging, total);
  return { items, ...paged, links: pageLinks(request, paged) };
}
