/** What a session may be asked to be; the right-hand names are the ones that answers use (Livy dialect, creation). */
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

/** Null for a kind that nobody knows. */
export const kindOf = (name: string): Kind | null =>
  Object.hasOwn(names, name.toLowerCase()) ? (names[name.toLowerCase()] ?? null) : null;

export const knownKinds = 'spark, pyspark, sparkr, sql or shared';
