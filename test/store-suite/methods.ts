import type { Store } from '../../src/scheduler/ports.js';

/** A store that a suite has opened. */
export interface OpenStore {
  readonly store: Store;
  /** Opens the same data again beside the first store, as a process would after a crash. */
  again(): Promise<Store>;
  /** Closes the store and all that `again` has opened, and deletes the data. */
  close(): Promise<void>;
}

/** The store of one test, with the backends `b1` and `b2` and the instances `lab-a` and `lab-b`. */
export interface Given extends Pick<OpenStore, 'again'> {
  readonly read: Store['read'];
  readonly write: Store['write'];
  /** Returns a proxy that reports method calls to the suite, by `path`. */
  observe<T extends object>(target: T, path: string): T;
}

/** Declares the tests of one method. `given` opens a store within a test. */
export type Tests = (given: () => Promise<Given>) => void;

type Method = (...values: never[]) => unknown;
/** Has tests for every method of a type; a missing method does not compile. */
export type SuiteOf<T> = { readonly [K in keyof T]-?: T[K] extends Method ? Tests : SuiteOf<T[K]> };

/** Returns the paths of all methods in nested objects, such as `jobs.find`. */
export const methodsIn = (of: object, path: string): string[] => leavesIn(of, path).map(([each]) => each);

/** Returns the functions in nested objects with their paths. */
export const leavesIn = (of: object, path: string): [path: string, leaf: Tests][] =>
  Object.entries(of).flatMap(([name, value]: [string, object | Tests]) => {
    const here = `${path}.${name}`;
    if (typeof value === 'function') return [[here, value as Tests] as [string, Tests]];
    return leavesIn(value, here);
  });

/**
 * Returns a function that wraps objects in proxies which report each method call by its path. Wraps an object only
 * once.
 */
export function observer(onCall: (path: string) => void): Given['observe'] {
  const proxies = new WeakMap<object, object>();
  return function observe<T extends object>(target: T, path: string): T {
    const known = proxies.get(target);
    if (known !== undefined) return known as T;
    const proxy = new Proxy(target, {
      get(of, name) {
        const value: unknown = Reflect.get(of, name);
        const here = `${path}.${String(name)}`;
        if (typeof value === 'function') {
          return (...given: unknown[]): unknown => {
            onCall(here);
            return Reflect.apply(value, of, given);
          };
        }
        return typeof value === 'object' && value !== null ? observe(value, here) : value;
      },
    });
    proxies.set(target, proxy);
    return proxy;
  };
}
