/** A section of the configuration file that belongs to somebody else than the service itself. */
export interface Section<T extends object = object> {
  /** Its key in the file. */
  readonly name: string;
  /** Its members with their defaults and the checks of class-validator. */
  readonly schema: new () => T;
  /** What is wrong between its members, a line each that begins with the name of the section. */
  mistakes?(section: T): readonly string[];
  /** The members that hold a token. Where other accounts can read the file, that is worth a warning. */
  secrets?(section: T): readonly string[];
}

/** A section as it was read. One that a configuration says nothing about has its defaults. */
export const sectionOf = <T extends object>(config: object, { name, schema }: Section<T>): T =>
  (config as Readonly<Record<string, T | undefined>>)[name] ?? new schema();

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

/** Whether only this machine reaches what listens at `host`. */
export const isLoopback = (host: string): boolean => loopback.has(host);
