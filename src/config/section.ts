/** A section of the configuration file that another module adds, such as a dialect. */
export interface Section<T extends object = object> {
  /** The key of the section in the file. */
  readonly name: string;
  /** The class of the section: its members with their defaults and the checks of class-validator. */
  readonly schema: new () => T;
  /** Returns contradictions between members, one line each, starting with the name of the section. */
  mistakes?(section: T): readonly string[];
  /** Returns the members that hold a token. The service warns if other accounts can read their file. */
  secrets?(section: T): readonly string[];
}

/** Returns a section of a configuration; if it is absent, one with the defaults. */
export const sectionOf = <T extends object>(config: object, { name, schema }: Section<T>): T =>
  (config as Readonly<Record<string, T | undefined>>)[name] ?? new schema();

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

/** Returns whether only this machine can reach a server that listens at `host`. */
export const isLoopback = (host: string): boolean => loopback.has(host);
