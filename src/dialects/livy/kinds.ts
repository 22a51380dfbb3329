/** Names of kinds in requests, with the names that answers use (Livy dialect, creation). */
const names: Readonly<Record<string, Kind>> = {
  spark: 'spark',
  scala: 'spark',
  pyspark: 'pyspark',
  python: 'pyspark',
  sparkr: 'sparkr',
  r: 'sparkr',
  sql: 'sql',
  shared: 'shared',
};
export type Kind = 'spark' | 'pyspark' | 'sparkr' | 'sql' | 'shared';

/** Returns the kind that a request names; null if it is unknown. */
export const kindOf = (name: string): Kind | null =>
  Object.hasOwn(names, name.toLowerCase()) ? (names[name.toLowerCase()] ?? null) : null;

export const knownKinds = 'spark, pyspark, sparkr, sql or shared';
