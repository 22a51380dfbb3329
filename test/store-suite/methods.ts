import type { Store } from '../../src/scheduler/ports.js';

/** A store that a suite has opened. */
export interface OpenStore {
  readonly store: Store;
  /** Opens the same data once more, beside the first: it finds what a process finds that starts after a crash. */
  again(): Promise<Store>;
  /** Closes the store and all that `again` opened, and removes the data. */
  close(): Promise<void>;
}

/** What a test is given: the store with the backends `b1` and `b2` and the instances `lab-a` and `lab-b` in it. */
export interface Given extends Pick<OpenStore, 'again'> {
  readonly read: Store['read'];
  readonly write: Store['write'];
  /** The same object, but the suite knows which of its methods are called. */
  observe<T extends object>(target: T, path: string): T;
}

/** Declares the tests of one method. `given` is for use in a test. */
export type Tests = (given: () => Promise<Given>) => void;

type Method = (...values: never[]) => unknown;
/** Tests for every method that an object of this type has: one that is forgotten does not compile. */
export type SuiteOf<T> = { readonly [K in keyof T]-?: T[K] extends Method ? Tests : SuiteOf<T[K]> };

/** The paths of all methods in an object of objects, such as `jobs.find`. */
export const methodsIn = (of: object, path: string): string[] => leavesIn(of, path).map(([each]) => each);

/** The functions in an object of objects, by their paths. */
export const leavesIn = (of: object, path: string): [path: string, leaf: Tests][] =>
  Object.entries(of).flatMap(([name, value]: [string, object | Tests]) => {
    const here = `${path}.${name}`;
    if (typeof value === 'function') return [[here, value as Tests] as [string, Tests]];
    return leavesIn(value, here);
  });

/** Makes objects of methods tell each call by its path. An object is the same one each time. */
export function observer(told: (path: string) => void): Given['observe'] {
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
            told(here);
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
