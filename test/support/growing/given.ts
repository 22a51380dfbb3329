import type { Store } from '../../../src/scheduler/ports.js';
import type { Growing } from '../growth.js';
import type { HttpAnswer, TestService } from '../http.js';

/** The service that gets the requests. The test sets this before the first request. */
export interface Given {
  readonly stint: TestService;
  readonly store: Store;
  readonly token: string;
  /** Ids of existing objects: a queued job, an open session, an idle Livy session, a model. */
  readonly job: string;
  readonly session: string;
  readonly livy: number;
  readonly model: string;
  /** The address of a server that serves a one-row file at any path, for imports. */
  readonly csv: string;
}

type Body = string | object;

let serial = 0;
/** Returns a new number each time. A body that contains it is not a repetition. */
export const next = (): number => (serial += 1);

export const times = <T>(n: number, make: (i: number) => T): T[] =>
  Array.from({ length: n }, (_, i) => make(i));
/** Returns an object with n members. */
export const wide = (n: number, value: unknown = 1): Record<string, unknown> =>
  Object.fromEntries(times(n, (i) => [`c${i}`, value]));
/** Returns JSON that contains n blanks. */
export const spaced = (body: object, n: number): string =>
  JSON.stringify(body).replace(/\}$/, `${' '.repeat(n)}}`);

export function call(on: Given, method: string, path: string, body?: Body, type = 'application/json') {
  const headers = { 'content-type': type, 'api-key': on.token };
  return on.stint.call(method, path, { body, headers });
}

/**
 * Polls until `found` returns true, so that work started by a request counts for the request. Polls should be cheap,
 * because their number varies.
 */
export async function until<T>(look: () => Promise<T>, found: (seen: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 6000; tries += 1) {
    const seen = await look();
    if (found(seen)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('The condition was never met.');
}

/** Options of a case besides its operation, shape, sizes and body. */
export type Said = Partial<Pick<Growing, 'says' | 'stops' | 'byNode'>> & {
  readonly status?: number;
  readonly type?: string;
  /** Further work that counts for the request, such as waiting for its end. */
  readonly then?: (answer: HttpAnswer) => Promise<void>;
};

/** Makes the cases of one operation. `path` is set if it differs from the path of the operation. */
export const casesOf =
  (on: Given, operation: string, path: () => string, usual: Said = {}) =>
  (shape: string, from: number, body: (n: number) => Body, overrides: Said = {}): Growing => {
    const { type, then, status = 200, ...more } = { ...usual, ...overrides };
    return {
      ...{ operation, shape, from, status, ...more },
      async send(n) {
        const [method = ''] = operation.split(' ');
        const answer = await call(on, method, path(), body(n), type);
        if (answer.status < 300) await then?.(answer);
        return answer;
      },
    };
  };
