import type { Growing } from '../growth.js';
import { casesOf, next, spaced, times, wide, type Given } from './given.js';

const nested = (n: number) => `${'['.repeat(n)}${']'.repeat(n)}`;
const job = (params: string, more = '') =>
  `{"program_id":"scripted","backend":"b1",${more}"params":${params},"n":${next()}}`;

/** Jobs, sessions and tokens of IBM's API. `size` multiplies inputs without a size limit. */
export function qiskitCases(on: Given, size: number): Growing[] {
  const jobs = casesOf(on, 'POST /api/v1/jobs', () => '/api/v1/jobs');
  const tags = casesOf(on, 'PUT /api/v1/jobs/{id}/tags', () => `/api/v1/jobs/${on.job}/tags`);
  const sessions = casesOf(on, 'POST /api/v1/sessions', () => '/api/v1/sessions');
  const change = casesOf(on, 'PATCH /api/v1/sessions/{id}', () => `/api/v1/sessions/${on.session}`);
  const identity = casesOf(on, 'POST /identity/token', () => '/identity/token');
  const refused = { status: 400 };
  return [
    // A body above 512 KiB is scanned in pieces while it arrives, a smaller one as a whole. No case mixes both.
    jobs('a long text', 1_000_000 * size, (n) => job(`{"t":"${'x'.repeat(n)}"}`)),
    jobs('many escapes', 75_000 * size, (n) => job(`{"t":"${'\\n\\u00e9'.repeat(n)}"}`)),
    jobs('many numbers', 150_000 * size, (n) => job(`{"t":[${'1.5,'.repeat(n)}1]}`)),
    jobs('many members', 60_000 * size, (n) => job(JSON.stringify(wide(n)))),
    jobs('many lists in lists', 600 * size, (n) => job(`{"t":[${times(n, () => nested(500)).join(',')}]}`)),
    jobs('many lists side by side', 200_000 * size, (n) => job(`{"t":[${times(n, () => '[]').join(',')}]}`)),
    jobs('a number of many digits', 600_000 * size, (n) => job(`{"t":${'1'.repeat(n)}}`)),
    jobs('a flaw at its end', 200_000 * size, (n) => `${job(`{"t":"${'x\\n'.repeat(n)}"}`)},`, {
      ...refused,
      says: /nothing may follow the JSON object/,
    }),
    jobs('fewer escapes', 10_000, (n) => job(`{"t":"${'\\n\\u00e9'.repeat(n)}"}`)),
    jobs('fewer numbers', 30_000, (n) => job(`{"t":[${'1.5,'.repeat(n)}1]}`)),
    jobs('fewer members', 10_000, (n) => job(JSON.stringify(wide(n)))),
    jobs('many members beside params', 450, (n) => job('{}', times(n, (i) => `"m${i}":1,`).join(''))),
    jobs('many lists beside params', 10_000, (n) => job('{}', `"m":[${times(n, () => '[]').join(',')}],`)),
    jobs('lines with a flaw behind', 100_000, (n) => `{${'\n'.repeat(n)}?`, {
      ...refused,
      says: /expected a member name in double quotes at line [1-4]00001/,
    }),
    jobs('many tags', 5000, (n) => job('{}', `"tags":${JSON.stringify(times(n, String))},`), {
      ...refused,
      says: /tags must contain no more than 8/,
    }),
    jobs('a long program', 50_000, (n) => ({ program_id: 'x'.repeat(n), params: {} }), {
      ...refused,
      says: /program_id must be shorter/,
    }),
    jobs('nested deeper and deeper', 20_000, (n) => job(`{"t":${nested(n)}}`), {
      ...refused,
      stops: true,
      says: /nested more than 512 levels deep/,
    }),
    tags('blanks', 50_000, (n) => spaced({ tags: ['a'] }, n), { status: 204 }),
    tags('many tags', 5000, (n) => ({ tags: times(n, String) }), {
      ...refused,
      says: /tags must contain no more than 8/,
    }),
    sessions('unknown members', 450, (n) => ({ backend: 'b1', ...wide(n) })),
    sessions('unknown lists', 10_000, (n) => ({ backend: 'b1', m: times(n, () => []) })),
    sessions('a long name', 50_000, (n) => ({ backend: 'x'.repeat(n) }), {
      ...refused,
      says: /There is no backend called x{50000}/,
    }),
    change('unknown members', 450, (n) => ({ accepting_jobs: true, ...wide(n) }), { status: 204 }),
    change('unknown lists', 10_000, (n) => ({ accepting_jobs: true, m: times(n, () => []) }), {
      status: 204,
    }),
    identity('more fields', 10_000, (n) => `apikey=${on.token}&${times(n, (i) => `f${i}=a%20`).join('&')}`, {
      type: 'application/x-www-form-urlencoded',
    }),
    identity('a long key', 50_000, (n) => `apikey=${'a%20'.repeat(n)}`, {
      status: 401,
      says: /Provided API key could not be found/,
      byNode: true,
    }),
  ];
}
