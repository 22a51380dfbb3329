/** The most that one sandboxed process may use, with everything it starts. Null: as much as the machine has. */
export interface ProcessLimits {
  readonly memoryBytes: number | null;
  readonly processes: number | null;
}

/** A limit that was reached, as a clause that begins with "it". */
export type Breach = string;

export const memoryBreach = (bytes: number): Breach =>
  `it used more memory than its limit of ${inMegabytes(bytes)} MB`;
export const processesBreach = (most: number): Breach =>
  `it started more processes and threads than its limit of ${most}`;

const inMegabytes = (bytes: number) => Math.round(bytes / 1024 ** 2);
