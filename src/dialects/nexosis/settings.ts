/** What this dialect needs to know of the configuration. */
export interface NexosisSettings {
  /** Folder of the service's data: the learner's files and the models lie below it. */
  readonly data: string;
  /** Bytes of a request's body. */
  readonly bodyLimit: number;
  /** Hosts, or `*` for all, at which callbacks may be answered although their address is private. */
  readonly privateHosts: readonly string[];
  /** Hosts, or `*` for all, that data may be fetched from. */
  readonly importHosts: readonly string[];
}
export const NEXOSIS = Symbol('NexosisSettings');
