/**
 * Where this dialect answers. `experimental` is in one of them because the client takes a base URL verbatim only if it
 * contains that word; otherwise it makes up a host of its own (dialect, runtime base URL).
 */
export const mounts = (path: string): string[] =>
  ['api/v1', 'experimental/api/v1', 'v1'].map((base) => (path === '' ? base : `${base}/${path}`));
