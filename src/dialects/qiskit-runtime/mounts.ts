/**
 * Returns a path below each base path of this dialect. One base contains `experimental`, because the client uses a base
 * URL verbatim only if it contains that word, and otherwise derives another host from it (dialect, runtime base URL).
 */
export const mounts = (path: string): string[] =>
  ['api/v1', 'experimental/api/v1', 'v1'].map((base) => (path === '' ? base : `${base}/${path}`));
