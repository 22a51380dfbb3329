import type { Growing } from '../growth.js';
import { casesOf, next, spaced, times, wide, type Given } from './given.js';

/** Returns the cases of the operator's API. */
export function adminCases(on: Given): Growing[] {
  const at = '/api/v1/admin';
  const operation = (method: string, path: string, where = path) =>
    casesOf(on, `${method} ${at}${path}`, () => at + where);
  const backends = operation('POST', '/backends');
  const backend = operation('PATCH', '/backends/{name}', '/backends/b1');
  const instances = operation('POST', '/instances');
  const instance = operation('PATCH', '/instances/{instance}', '/instances/lab-a');
  const tokens = operation('POST', '/tokens');
  const clock = operation('POST', '/clock');
  const close = casesOf(on, `POST ${at}/sessions/{id}/close`, () => `${at}/sessions/${on.session}/close`);
  const made = { status: 201 };
  const spark = () => ({ name: `b${next()}`, driver: 'spark' });
  const reason = 'closed while it was measured';
  return [
    backends('options', 450, (n) => ({ ...spark(), options: { conf: wide(n) } }), made),
    backends(
      'options with lists',
      10_000,
      (n) => ({ ...spark(), options: { local_dirs: times(n, String) } }),
      made,
    ),
    backends('unknown options', 450, (n) => ({ ...spark(), options: wide(n) }), {
      status: 400,
      says: /options.c0 is not known/,
    }),
    backends('blanks', 500_000, (n) => spaced({ name: `b${next()}`, driver: 'scripted' }, n), made),
    backends('unknown members', 450, (n) => ({ name: `b${next()}`, driver: 'scripted', ...wide(n) }), {
      status: 400,
      says: /c0 is not known here.*c449 is not known here/,
    }),
    backend('limits', 450, (n) => ({ limits: wide(n) }), {
      status: 400,
      says: /c0 is not known here.*c449 is not known here/,
    }),
    backend('blanks', 50_000, (n) => spaced({ limits: {} }, n)),
    instances('modes', 2500, (n) => ({ name: `i${next()}`, plan: { modes: times(n, () => 'batch') } }), made),
    instances('a long name', 50_000, (n) => ({ name: 'x'.repeat(n) }), {
      status: 400,
      says: /name must be shorter/,
    }),
    instance('modes', 2500, (n) => ({ plan: { modes: times(n, () => 'batch') } })),
    tokens('blanks', 50_000, (n) => spaced({ user: 'a', instance: 'lab-a', role: 'user' }, n), made),
    tokens('a long user', 50_000, (n) => ({ user: 'x'.repeat(n), instance: 'y', role: 'user' }), {
      status: 400,
      says: /user must be shorter/,
    }),
    clock('blanks', 50_000, (n) => spaced({ advance_seconds: 1 }, n)),
    close('blanks', 50_000, (n) => spaced({ reason }, n)),
  ];
}
